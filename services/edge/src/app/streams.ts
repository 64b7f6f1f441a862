import { ByteAccount, NO_HEADERS, SlabMemory, type StreamHeaders } from '@dolphin/media';
import { pinsToClose } from '../domain/pinned-slabs.js';
import { OriginCycle } from '../domain/pull-rules.js';
import type { EdgeSettings } from '../domain/settings.js';
import { streamIdOf } from '../domain/stream-id.js';
import { keyText, type StreamKey } from '../domain/stream-key.js';
import { isTooManyUnfed } from '../domain/unfed-pulls.js';
import type { Origin, VhostSettings } from '../domain/vhost-settings.js';
import { Forward } from './forward.js';
import { KeptPulls } from './kept-pulls.js';
import { lookAtPublisher } from './look-at-publisher.js';
import type { Player } from './player.js';
import type { Publisher, PublishPath } from './publisher.js';
import { Pull, type PullContext } from './pull.js';
import { StreamHub, type StreamHubOptions } from './stream-hub.js';
import type { PlayRequest, PublishRequest } from './stream-requests.js';
import type { TapsOf } from './stream-tap.js';

/** Bytes of all rings together; beyond that each stream that grows gives up its own oldest part. */
export const TOTAL_RING_BYTES = 512 * 1024 * 1024;
/**
 * What rings have given up and slow players' writes still hold. A write is a slab, of 256 KiB as a rule and of 4 MiB at
 * worst; each player may be writing another one.
 */
export const MAX_PINNED_BYTES = 128 * 1024 * 1024;
/** A stream as the API shows it. One that is only published through here shows no codecs. */
export interface StreamRow {
  readonly id: string;
  readonly key: StreamKey;
  readonly headers: StreamHeaders;
  /** The first byte of its newest audio frame; null: there is none. */
  readonly soundByte: number | null;
  readonly videoFrames: number;
  readonly receivedBytes: number;
  readonly goneSentBytes: number;
  isLive: boolean;
  publisherId: string | null;
}

const NO_MEDIA = { headers: NO_HEADERS, soundByte: null, videoFrames: 0 };

interface Entry {
  readonly hub: StreamHub;
  readonly address: string;
  pull: Pull | null;
  publisher: Publisher | null;
  /** Those who keep it without being players. */
  holds: number;
}

export interface StreamsOptions {
  readonly serverId: string;
  readonly serviceId: string;
  readonly chunkSize: number;
  readonly pull: PullContext;
  readonly tapsOf: TapsOf;
  readonly trouble: StreamHubOptions['trouble'];
}

/** All streams of this server: who publishes, who plays, what is pulled. Entries live while somebody needs them. */
export class Streams {
  readonly #entries = new Map<string, Entry>();
  readonly #forwards = new Map<string, Forward>();
  readonly #kept: KeptPulls<Entry>;
  /** Of each vhost, for publishes: a publisher that is cut comes again, and finds the next origin. */
  readonly #cycles = new Map<string, OriginCycle<Origin>>();
  readonly #total = new ByteAccount(TOTAL_RING_BYTES);
  readonly #memory = new SlabMemory();
  #chunkSize: number;
  readonly #context: PullContext;
  readonly #tapsOf: TapsOf;
  readonly #trouble: StreamHubOptions['trouble'];
  readonly #serviceId: string;
  readonly serverId: string;

  constructor(o: StreamsOptions) {
    this.serverId = o.serverId;
    this.#serviceId = o.serviceId;
    this.#chunkSize = o.chunkSize;
    this.#context = o.pull;
    this.#kept = new KeptPulls(o.pull.timers);
    this.#tapsOf = o.tapsOf;
    this.#trouble = o.trouble;
  }

  /** Streams that somebody publishes, plays, or waits for. */
  list(): StreamRow[] {
    const rows = new Map<string, StreamRow>();
    for (const { hub, publisher } of this.#entries.values()) {
      const { id, key, headers, soundByte, videoFrames, receivedBytes, goneSentBytes, isLive } = hub;
      const publisherId = publisher?.id ?? null;
      const media = { headers, soundByte, videoFrames };
      rows.set(hub.text, { id, key, ...media, receivedBytes, goneSentBytes, isLive, publisherId });
    }
    for (const [text, { id, key, publisher, receivedBytes }] of this.#forwards) {
      const row = rows.get(text);
      const goes = { isLive: true, publisherId: publisher.id };
      if (row !== undefined) Object.assign(row, goes);
      else rows.set(text, { id, key, ...NO_MEDIA, receivedBytes, goneSentBytes: 0, ...goes });
    }
    return [...rows.values()];
  }

  get count(): number {
    let count = this.#entries.size;
    for (const text of this.#forwards.keys()) if (!this.#entries.has(text)) count++;
    return count;
  }

  /** Its publisher is here, not upstream. */
  isPublished(key: StreamKey): boolean {
    return this.#entries.get(keyText(key))?.publisher != null;
  }

  /** Of its RTMP form: that of its first player's or publisher's conf, which stays for its life. */
  chunkSizeOf(key: StreamKey): number {
    return this.#entries.get(keyText(key))?.hub.chunkSize ?? this.#chunkSize;
  }

  /** After a reload. Streams that run keep what they began with, but look for their source where the conf says now. */
  useSettings({ chunkSize, vhosts }: Pick<EdgeSettings, 'chunkSize' | 'vhosts'>): void {
    this.#chunkSize = chunkSize;
    this.#cycles.clear();
    for (const { hub, pull } of this.#entries.values()) {
      const origins = vhosts.get(hub.key.vhost)?.origins ?? null;
      if (origins !== null && origins !== hub.settings.origins) pull?.useOrigins(origins);
    }
  }

  /** Why a player cannot be taken, or null. `too-many`: pulls that wait for their streams. */
  refusal(request: PlayRequest): 'loop' | 'too-many' | null {
    if (request.hops.includes(this.serverId)) return 'loop';
    const isNewPull = request.settings.origins !== null && !this.#entries.has(keyText(request.key));
    return isNewPull && isTooManyUnfed(this.#unfedAddresses(), request) ? 'too-many' : null;
  }

  /** Adds a player; a stream that is pulled begins to be with its first one. */
  play(request: PlayRequest, player: Player): void {
    const entry = this.#entryFor(request);
    entry.hub.add(player);
    this.#pull(entry, request);
  }

  /** Keeps a stream without a player, as `play` does with one, until the answer is called. */
  hold(request: PlayRequest): () => void {
    const entry = this.#entryFor(request);
    entry.holds++;
    this.#pull(entry, request);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      entry.holds--;
      // Who holds it has waited long enough.
      const isUsed = entry.hub.playerCount > 0 || entry.holds > 0;
      if (this.#entries.get(entry.hub.text) === entry && !isUsed) this.#close(entry);
    };
  }

  /** `sentBytes`: what its connection was sent, for the stream's totals. */
  leave(key: StreamKey, player: Player, sentBytes: number): void {
    const entry = this.#entries.get(keyText(key));
    if (entry === undefined) return;
    entry.hub.goneSentBytes += sentBytes;
    entry.hub.remove(player);
    this.#closeIfUnused(entry);
  }

  /** Null: somebody publishes that stream already, or `hops` show a loop. */
  publish(request: PublishRequest, publisher: Publisher): PublishPath | 'busy' | 'loop' {
    if (request.hops.includes(this.serverId)) return 'loop';
    const { origins } = request.settings;
    return origins === null ? this.#publishHere(request, publisher) : this.#forward(request, origins, publisher);
  }

  /** Before another one publishes it. */
  lookAtPublisher(key: StreamKey): Promise<null> | null {
    return lookAtPublisher(() => this.#entries.get(keyText(key))?.publisher ?? null, this.#context.timers);
  }

  /** Once a second. */
  watch(nowMs: number): void {
    for (const { hub } of this.#entries.values()) hub.watch(nowMs);
    this.#memory.watch(nowMs);
    const pins = [...this.#entries.values()].flatMap(({ hub }) => [...hub.pins()]);
    for (const { player } of pinsToClose(pins, MAX_PINNED_BYTES)) player.giveUp();
  }

  stop(): void {
    for (const entry of this.#entries.values()) {
      this.#kept.release(entry);
      entry.pull?.stop();
      entry.hub.dispose();
    }
    this.#entries.clear();
  }

  #entryFor({ key, settings, address }: PlayRequest): Entry {
    return this.#entries.get(keyText(key)) ?? this.#open(key, settings, address);
  }

  #pull(entry: Entry, { settings, query, hops }: PlayRequest): void {
    this.#kept.release(entry);
    // Of a vhost that went and came back as an edge, somebody may still publish here.
    if (settings.origins === null || entry.pull !== null || entry.publisher !== null) return;
    entry.pull = new Pull(entry.hub, settings.origins, { query, hops: [...hops, this.serverId] }, this.#context);
    entry.pull.start();
  }

  #publishHere(request: PublishRequest, publisher: Publisher): PublishPath | 'busy' {
    const known = this.#entries.get(keyText(request.key));
    if (known?.publisher || known?.pull) return 'busy';
    const entry = known ?? this.#open(request.key, request.settings, '');
    entry.publisher = publisher;
    publisher.ready();
    let over = false;
    const { gatherMs, mergeMs } = request.settings;
    return {
      gatherMs,
      media: (messages, gathered = false) => {
        if (!over) entry.hub.ingest(messages, gathered && gatherMs >= mergeMs);
        return true;
      },
      end: () => {
        if (over) return;
        over = true;
        entry.publisher = null;
        entry.hub.sourceEnded();
        this.#closeIfUnused(entry);
      },
    };
  }

  #forward(request: PublishRequest, origins: readonly Origin[], publisher: Publisher): PublishPath | 'busy' {
    const { key, settings, query } = request;
    const text = keyText(key);
    if (this.#forwards.has(text)) return 'busy';
    const forward = new Forward({
      id: streamIdOf(this.#serviceId, text),
      key,
      settings,
      query,
      hops: [...request.hops, this.serverId],
      origins: this.#cycleOf(settings, origins),
      publisher,
      dial: this.#context.dial,
      onOver: () => {
        if (this.#forwards.get(text) === forward) this.#forwards.delete(text);
      },
    });
    this.#forwards.set(text, forward);
    forward.start();
    return forward;
  }

  #open(key: StreamKey, settings: VhostSettings, address: string): Entry {
    const hub = new StreamHub({
      id: streamIdOf(this.#serviceId, keyText(key)),
      key,
      settings,
      chunkSize: this.#chunkSize,
      timers: this.#context.timers,
      total: this.#total,
      memory: this.#memory,
      taps: this.#tapsOf(key, settings),
      trouble: this.#trouble,
    });
    const entry: Entry = { hub, address, pull: null, publisher: null, holds: 0 };
    this.#entries.set(hub.text, entry);
    return entry;
  }

  #closeIfUnused(entry: Entry): void {
    if (entry.hub.playerCount > 0 || entry.holds > 0) return;
    const isWorthKeeping = entry.pull !== null && entry.hub.isLive;
    if (!isWorthKeeping || !this.#kept.keep(entry, () => this.#close(entry))) this.#close(entry);
  }

  #close(entry: Entry): void {
    this.#kept.release(entry);
    entry.pull?.stop();
    entry.pull = null;
    if (entry.publisher !== null) return;
    entry.hub.dispose();
    this.#entries.delete(entry.hub.text);
  }

  /** Whose pulls those are that had no media yet. */
  *#unfedAddresses(): IterableIterator<string> {
    for (const { pull, address } of this.#entries.values()) if (pull !== null && !pull.hadMedia) yield address;
  }

  #cycleOf(settings: VhostSettings, origins: readonly Origin[]): OriginCycle<Origin> {
    const known = this.#cycles.get(settings.name);
    if (known !== undefined) return known;
    const made = new OriginCycle(origins);
    this.#cycles.set(settings.name, made);
    return made;
  }
}
