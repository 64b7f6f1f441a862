import {
  type ByteAccount,
  type FrameKind,
  MessageType,
  type RtmpMessage,
  type SlabMemory,
  StreamRing,
  StreamTimeline,
  withoutSetDataFrame,
} from '@dolphin/media';
import { frameKindOf } from '../domain/frame-kind.js';
import type { Pin } from '../domain/pinned-slabs.js';
import { keyText, type StreamKey } from '../domain/stream-key.js';
import type { VhostSettings } from '../domain/vhost-settings.js';
import type { Player } from './player.js';
import type { Timers } from './ports.js';
import type { TroubleCounts } from './server.js';
import type { StreamTap } from './stream-tap.js';

/**
 * Bytes of one stream's ring, in the forms of RTMP and of FLV. 48 MiB: 8 Mbit/s with a key frame each 10 s are 20 in both, and
 * 6 Mbit/s the 30 s that a player may lag; a stream of more bits gives its players less time, not the process less memory.
 */
export const RING_BYTES = 48 * 1024 * 1024;

/** A message's header in a slab, of most. */
const MESSAGE_OVERHEAD_BYTES = 16;

export interface PlayerPin extends Pin {
  readonly player: Player;
}

export interface StreamHubOptions {
  /** Its id in the API. */
  readonly id: string;
  readonly key: StreamKey;
  readonly settings: VhostSettings;
  readonly chunkSize: number;
  readonly timers: Timers;
  /** The account of all rings. */
  readonly total: ByteAccount;
  /** Of all rings. */
  readonly memory: SlabMemory;
  readonly taps: readonly StreamTap[];
  readonly trouble: Pick<TroubleCounts, 'headersForgotten'>;
}

/** One stream: messages of its source go in, each run of them goes out to all players as one shared buffer. */
export class StreamHub {
  readonly key: StreamKey;
  readonly id: string;
  readonly text: string;
  readonly settings: VhostSettings;
  readonly chunkSize: number;
  readonly #timers: Timers;
  readonly #ring: StreamRing;
  readonly #timeline: StreamTimeline;
  readonly #taps: readonly StreamTap[];
  readonly #trouble: StreamHubOptions['trouble'];
  readonly #players: Player[] = [];
  #cancelMerge: (() => void) | null = null;
  /** Since the hub is there. */
  videoFrames = 0;
  receivedBytes = 0;
  /** Bytes sent to players that are gone. */
  goneSentBytes = 0;
  /** The first byte of its source's newest audio frame: all that tells of a codec without sequence header. */
  soundByte: number | null = null;
  /** Media has come from the source that is there now. */
  isLive = false;

  constructor({ id, key, settings, chunkSize, timers, total, memory, taps, trouble }: StreamHubOptions) {
    this.id = id;
    this.key = key;
    this.text = keyText(key);
    this.settings = settings;
    this.chunkSize = chunkSize;
    this.#timers = timers;
    this.#taps = taps;
    this.#trouble = trouble;
    this.#ring = new StreamRing({
      chunkSize,
      maxBytes: RING_BYTES,
      maxLagMs: settings.queueMs,
      gopCache: settings.gopCache,
      gopCacheMaxFrames: settings.gopCacheMaxFrames || Number.MAX_SAFE_INTEGER,
      total,
      memory,
    });
    this.#timeline = new StreamTimeline(settings.timeJitter);
  }

  get playerCount(): number {
    return this.#players.length;
  }
  get headers() {
    return this.#ring.headers;
  }

  add(player: Player): void {
    player.join(this.#ring);
    player.index = this.#players.push(player) - 1;
    player.pump();
  }

  remove(player: Player): void {
    player.leave();
    const last = this.#players.at(-1);
    if (player.index < 0 || last === undefined) return;
    this.#players[player.index] = last;
    last.index = player.index;
    this.#players.pop();
    player.index = -1;
  }

  /**
   * Takes over what one read of the source brought, but for its payloads, which it copies. `gathered`: it has waited already
   * (for as long as a slab may stay open, perhaps), and goes out at once.
   */
  ingest(messages: readonly RtmpMessage[], gathered = false): void {
    if (messages.length === 0) return;
    const nowMs = this.#timers.now();
    let closed = false;
    if (gathered) this.#ring.expect(bytesOf(messages));
    for (const message of messages) closed = this.#take(message, nowMs) || closed;
    if (gathered || this.settings.mergeMs === 0) closed = this.#ring.close() || closed;
    if (closed) {
      // The slab that is open now began with this: its time runs from here, or it would be cut short, and each cut
      // costs every player a write.
      this.#cancelMerge?.();
      this.#cancelMerge = null;
      this.#fanOut();
    }
    if (this.#ring.hasOpen && this.#cancelMerge === null) {
      this.#cancelMerge = this.#timers.after(this.settings.mergeMs, () => {
        this.#cancelMerge = null;
        if (this.#ring.close()) this.#fanOut();
      });
    }
  }

  /** The source is gone. Players wait for the next one, whose first frame follows the last one here. */
  sourceEnded(): void {
    this.isLive = false;
    this.soundByte = null;
    this.#timeline.republish();
    for (const tap of this.#taps) tap.sourceEnded();
    const before = this.#ring.next;
    this.#ring.republish();
    if (this.#ring.next !== before) this.#fanOut();
  }

  /** Once a second: players that stand still are closed, those that can go on do. */
  watch(nowMs: number): void {
    let needed = this.#ring.next;
    for (const player of this.#players) {
      player.watch(nowMs, this.settings.queueMs);
      needed = Math.min(needed, player.needed);
    }
    this.#ring.release(needed);
  }

  /** Players that keep in memory what the ring has given up. */
  *pins(): IterableIterator<PlayerPin> {
    for (const player of this.#players) {
      const write = player.outstanding;
      if (write === null || write.slab >= this.#ring.oldest) continue;
      yield { slab: `${this.id}/${write.slab}`, bytes: write.bytes, sinceMs: write.sinceMs, player };
    }
  }

  /** Gives its memory back; its players were closed before. */
  dispose(): void {
    this.#cancelMerge?.();
    this.#cancelMerge = null;
    for (const tap of this.#taps) tap.closed();
    this.#ring.clear();
  }

  #take(message: RtmpMessage, nowMs: number): boolean {
    const kind = frameKindOf(message);
    this.receivedBytes += message.payload.length;
    if (kind === 'key-frame' || kind === 'video') this.videoFrames++;
    else if (kind === 'audio') this.soundByte = message.payload[0] ?? this.soundByte;
    this.isLive = true;
    // The message is ours, and there are thousands a second: it is changed, not made anew.
    message.timestamp = this.#timeOf(message, kind, nowMs);
    if (message.typeId === MessageType.dataAmf0) message.payload = withoutSetDataFrame(message.payload);
    for (const tap of this.#taps) tap.message(message, kind);
    const { forgotten } = this.#ring.headers;
    const closed = this.#ring.append(message, kind);
    this.#trouble.headersForgotten += this.#ring.headers.forgotten - forgotten;
    return closed;
  }

  #timeOf({ timestamp }: RtmpMessage, kind: FrameKind, nowMs: number): number {
    switch (kind) {
      case 'key-frame':
      case 'video':
      case 'audio':
        return this.#timeline.frame(kind === 'audio' ? 'audio' : 'video', timestamp, kind === 'key-frame', nowMs);
      case 'video-header':
      case 'audio-header':
      case 'track-header':
        return this.#timeline.header(timestamp);
      case 'metadata':
      case 'data':
        // As SRS: ffmpeg takes metadata of another time than 0 for a subtitle track.
        return 0;
      default:
        return kind satisfies never;
    }
  }

  #fanOut(): void {
    let needed = this.#ring.next;
    // By index, and players leave only in later turns: nothing is copied for the thousands that there may be. Their
    // cursors are read at once, while they are in the processor's cache: a second round over all showed in the profile.
    for (let i = 0; i < this.#players.length; i++) {
      const player = this.#players[i] as Player;
      player.pump();
      if (player.needed < needed) needed = player.needed;
    }
    this.#ring.release(needed);
  }
}

/** About what they are in a slab. */
function bytesOf(messages: readonly RtmpMessage[]): number {
  let bytes = 0;
  for (const { payload } of messages) bytes += payload.length + MESSAGE_OVERHEAD_BYTES;
  return bytes;
}
