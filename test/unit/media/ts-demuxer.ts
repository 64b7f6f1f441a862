import assert from 'node:assert/strict';

/** One PES packet as a player would see it; times of 90 kHz. */
export interface Pes {
  readonly pid: number;
  readonly streamId: number;
  readonly pts: number;
  readonly dts: number;
  readonly randomAccess: boolean;
  readonly payload: Buffer;
}

export interface Demuxed {
  readonly clockPid: number;
  /** Stream types by their PIDs. */
  readonly tracks: Record<number, number>;
  readonly pes: Pes[];
  readonly clocks: number[];
}

/** The counters of several segments in a row: they go on from one to the next. */
export type Counters = Map<number, number>;

/** Takes a segment apart, and fails where it is not as ISO 13818-1 has it. */
export function demux(segment: Buffer, counters: Counters = new Map()): Demuxed {
  assert.equal(segment.length % 188, 0, 'whole packets');
  const open = new Map<number, { parts: Buffer[]; randomAccess: boolean }>();
  const pes: Pes[] = [];
  const clocks: number[] = [];
  const tracks: Record<number, number> = {};
  let pmtPid = -1;
  let clockPid = -1;
  const close = (pid: number) => {
    const one = open.get(pid);
    if (one !== undefined) pes.push(readPes(pid, Buffer.concat(one.parts), one.randomAccess));
    open.delete(pid);
  };
  for (let at = 0; at < segment.length; at += 188) {
    const packet = segment.subarray(at, at + 188);
    assert.equal(packet[0], 0x47, 'sync');
    const pid = packet.readUInt16BE(1) & 0x1fff;
    const starts = (packet[1]! & 0x40) !== 0;
    const counter = packet[3]! & 0x0f;
    const before = counters.get(pid);
    if (before !== undefined) assert.equal(counter, (before + 1) & 0x0f, `counter of ${pid}`);
    counters.set(pid, counter);
    const hasField = (packet[3]! & 0x20) !== 0;
    const fieldBytes = hasField ? 1 + packet[4]! : 0;
    assert.ok(4 + fieldBytes <= 188, 'the field ends within its packet');
    const flags = fieldBytes > 1 ? packet[5]! : 0;
    if ((flags & 0x10) !== 0) {
      assert.equal(pid, clockPid, 'the clock is on the track that the map names');
      clocks.push(packet.readUInt32BE(6) * 2 + (packet[10]! >> 7));
    }
    const payload = packet.subarray(4 + fieldBytes);
    if (pid === 0) pmtPid = payload.readUInt16BE(11) & 0x1fff;
    else if (pid === pmtPid) {
      const section = payload.subarray(1);
      clockPid = section.readUInt16BE(8) & 0x1fff;
      const end = 3 + (section.readUInt16BE(1) & 0x0fff) - 4;
      for (let i = 12; i < end; i += 5) tracks[section.readUInt16BE(i + 1) & 0x1fff] = section[i]!;
    } else {
      if (starts) {
        close(pid);
        open.set(pid, { parts: [], randomAccess: (flags & 0x40) !== 0 });
      }
      const one = open.get(pid);
      assert.ok(one !== undefined, 'a PES packet begins at its start');
      one.parts.push(payload);
    }
  }
  for (const pid of [...open.keys()]) close(pid);
  return { clockPid, tracks, pes, clocks };
}

function readPes(pid: number, bytes: Buffer, randomAccess: boolean): Pes {
  assert.equal(bytes.readUIntBE(0, 3), 1, 'start code');
  const length = bytes.readUInt16BE(4);
  const head = 9 + bytes[8]!;
  const pts = readTime(bytes, 9);
  const dts = (bytes[7]! & 0x40) !== 0 ? readTime(bytes, 14) : pts;
  if (length !== 0) assert.equal(bytes.length, 6 + length, 'PES length');
  return { pid, streamId: bytes[3]!, pts, dts, randomAccess, payload: bytes.subarray(head) };
}

function readTime(bytes: Buffer, at: number): number {
  const high = (bytes[at]! >> 1) & 7;
  return high * 2 ** 30 + (bytes.readUInt16BE(at + 1) >> 1) * 2 ** 15 + (bytes.readUInt16BE(at + 3) >> 1);
}

/** The NAL units of an access unit in Annex B's form. */
export function unitsOf(payload: Buffer): Buffer[] {
  const starts: { from: number; code: number }[] = [];
  for (let at = 0; at + 2 < payload.length; at++) {
    if (payload[at] === 0 && payload[at + 1] === 0 && payload[at + 2] === 1) starts.push({ code: at, from: at + 3 });
  }
  return starts.map(({ from }, index) => payload.subarray(from, starts[index + 1]?.code ?? payload.length));
}

/** The frames behind ADTS headers. */
export function adtsFrames(payload: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < payload.length; ) {
    assert.equal(payload.readUInt16BE(at), 0xfff1, 'ADTS');
    const length = (payload.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
    frames.push(payload.subarray(at + 7, at + length));
    at += length;
  }
  return frames;
}
