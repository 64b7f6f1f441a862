import assert from 'node:assert/strict';
import { Player, type PlayerForm } from '@dolphin/edge/app/player.js';
import { noTrouble } from '@dolphin/edge/app/server.js';
import { StreamHub } from '@dolphin/edge/app/stream-hub.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { ByteAccount, ChunkReader, FlvReader, MessageType, type RtmpMessage, SlabMemory } from '@dolphin/media';
import { parseConf } from '@dolphin/srs';

/** A clock that a test turns. */
class FakeTimers {
  ms = 1000;
  #due: { at: number; fn: () => void }[] = [];
  now() {
    return this.ms;
  }
  after(ms: number, fn: () => void) {
    const entry = { at: this.ms + ms, fn };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((each) => each !== entry);
    };
  }
  pass(ms: number) {
    this.ms += ms;
    const due = this.#due.filter(({ at }) => at <= this.ms);
    this.#due = this.#due.filter(({ at }) => at > this.ms);
    for (const { fn } of due) fn();
  }
}

/** A connection that takes writes whole while `open`, and holds one otherwise. */
class FakeSink {
  open = true;
  readonly received: Buffer[] = [];
  last: Buffer | null = null;
  #held: Buffer[] = [];
  #corked = 0;
  writes = 0;
  overlapping = 0;
  get writableLength() {
    return this.#held.reduce((sum, each) => sum + each.length, 0);
  }
  write(bytes: Buffer) {
    if (this.#held.length > 0 && this.#corked === 0) this.overlapping++;
    this.writes++;
    if (this.open) this.#take(bytes);
    else this.#held.push(bytes);
  }
  cork() {
    this.#corked++;
  }
  uncork() {
    this.#corked--;
  }
  /** The peer read what was held. */
  drain() {
    for (const bytes of this.#held.splice(0)) this.#take(bytes);
  }
  /** As the kernel: a copy, and of what is held not before there is room. */
  #take(bytes: Buffer) {
    this.last = bytes;
    this.received.push(Buffer.from(bytes));
  }
  bytes() {
    return Buffer.concat(this.received);
  }
}

/** `limitBytes`: of all rings. */
export function stage(text = 'play { mw_latency 350; }', limitBytes = 1 << 30) {
  const timers = new FakeTimers();
  const conf = parseConf(`listen 1; vhost __defaultVhost__ { ${text} }`, 'edge.conf');
  const settings = readSettings(conf).settings.vhosts.get('__defaultVhost__');
  assert.ok(settings);
  const key = { vhost: '__defaultVhost__', app: 'live', stream: 's' };
  const memory = new SlabMemory();
  const total = new ByteAccount(limitBytes);
  const hub = new StreamHub({
    id: 'id',
    key,
    settings,
    chunkSize: 60_000,
    timers,
    total,
    memory,
    taps: [],
    trouble: noTrouble(),
  });
  const join = (form: PlayerForm = 'rtmp', durationMs = 0) => {
    const sink = new FakeSink();
    const closed: string[] = [];
    const seen = { jumps: 0, started: 0 };
    const player = new Player({
      form,
      sink,
      flvTracks: settings.flvTracks,
      durationMs,
      host: {
        pendingBytes: () => sink.writableLength,
        tooSlow: () => void closed.push('slow'),
        playedOut: () => void closed.push('played-out'),
        jumped: () => {
          seen.jumps++;
        },
      },
      started: () => {
        seen.started++;
      },
    });
    hub.add(player);
    return { sink, player, closed, seen };
  };
  return { hub, timers, join, memory, total };
}

let number = 0;
/** AVC and AAC payloads as a publisher sends them; their number is in the last four bytes. */
export function message(
  kind: 'key' | 'video' | 'audio' | 'avc-header' | 'aac-header',
  timestamp: number,
  bytes = 20,
): RtmpMessage {
  const heads = {
    key: [0x17, 1],
    video: [0x27, 1],
    audio: [0xaf, 1],
    'avc-header': [0x17, 0],
    'aac-header': [0xaf, 0],
  };
  const payload = Buffer.alloc(bytes);
  Buffer.from(heads[kind]).copy(payload);
  payload.writeUInt32BE(++number, bytes - 4);
  const typeId = kind === 'audio' || kind === 'aac-header' ? MessageType.audio : MessageType.video;
  return { typeId, timestamp, streamId: 1, payload };
}

export interface Got {
  typeId: number;
  timestamp: number;
  payload: Buffer;
}

export function decode(form: PlayerForm, bytes: Buffer): Got[] {
  if (form === 'rtmp') {
    const reader = new ChunkReader();
    const chunkSize = Buffer.from([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0xea, 0x60]);
    return reader.push(Buffer.concat([chunkSize, bytes]));
  }
  if (bytes.length === 0) return [];
  return new FlvReader().push(form === 'flv-raw' ? bytes : unchunk(bytes));
}

export function unchunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16);
    assert.ok(size > 0, 'a chunk of nothing ends the answer');
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    assert.equal(bytes.toString('latin1', end + 2 + size, end + 4 + size), '\r\n');
    at = end + 4 + size;
  }
  return Buffer.concat(parts);
}

export const numberOf = ({ payload }: { payload: Buffer }) => payload.readUInt32BE(payload.length - 4);
export const isHeader = ({ payload }: { payload: Buffer }) => payload[1] === 0;
export const isKey = ({ payload }: { payload: Buffer }) => payload[0] === 0x17 && payload[1] === 1;
