/** MPEG transport stream (ISO 13818-1): packets of 188 bytes, times of 90 kHz in 33 bits. */
export const TS_PACKET_BYTES = 188;
export const TS_CLOCK_PER_MS = 90;
const HEADER_BYTES = 4;
const ROOM_BYTES = TS_PACKET_BYTES - HEADER_BYTES;
const SYNC = 0x47;
const CLOCK_WRAP = 2 ** 33;
/** An adaptation field's length byte and flags, and a PCR. */
const FLAGS_BYTES = 2;
const PCR_BYTES = 6;
const RANDOM_ACCESS = 0x40;
const HAS_PCR = 0x10;

export interface PesHead {
  readonly streamId: number;
  /** 90 kHz, any size: it wraps here. */
  readonly pts: number;
  readonly dts: number;
}

/** The header of a packetised elementary stream's packet (2.4.3.6) with so many bytes behind it. */
export function pesHeader({ streamId, pts, dts }: PesHead, payloadBytes: number): Buffer {
  const hasDts = pts !== dts;
  const timeBytes = hasDts ? 10 : 5;
  const header = Buffer.alloc(9 + timeBytes);
  const length = 3 + timeBytes + payloadBytes;
  header.writeUInt32BE(0x100 | streamId, 0);
  // 0 stands for any length; only video may be so long.
  header.writeUInt16BE(length > 0xffff ? 0 : length, 4);
  // The payload begins with an access unit.
  header[6] = 0x84;
  header[7] = hasDts ? 0xc0 : 0x80;
  header[8] = timeBytes;
  writeTime(header, 9, hasDts ? 3 : 2, pts);
  if (hasDts) writeTime(header, 14, 1, dts);
  return header;
}

export interface PacketOptions {
  readonly pid: number;
  /** Of the first packet; the others count on, modulo 16. */
  readonly counter: number;
  /** Program clock in the first packet, 90 kHz; null: none. */
  readonly pcr: number | null;
  readonly randomAccess: boolean;
}

/** Splits one PES packet into transport packets; the last one is stuffed. */
export function packetise(pes: Buffer, { pid, counter, pcr, randomAccess }: PacketOptions): Buffer {
  const firstField = pcr !== null ? FLAGS_BYTES + PCR_BYTES : randomAccess ? FLAGS_BYTES : 0;
  const count = Math.max(1, Math.ceil((pes.length + firstField) / ROOM_BYTES));
  const out = Buffer.allocUnsafe(count * TS_PACKET_BYTES);
  let from = 0;
  for (let i = 0; i < count; i++) {
    const at = i * TS_PACKET_BYTES;
    const isFirst = i === 0;
    const field = Math.max(isFirst ? firstField : 0, ROOM_BYTES - (pes.length - from));
    out[at] = SYNC;
    out[at + 1] = (isFirst ? 0x40 : 0) | (pid >> 8);
    out[at + 2] = pid & 0xff;
    out[at + 3] = (field > 0 ? 0x30 : 0x10) | ((counter + i) & 0x0f);
    if (field > 0) writeField(out, at + HEADER_BYTES, field, isFirst && randomAccess, isFirst ? pcr : null);
    const to = from + ROOM_BYTES - field;
    pes.copy(out, at + HEADER_BYTES + field, from, to);
    from = to;
  }
  return out;
}

function writeField(out: Buffer, at: number, bytes: number, randomAccess: boolean, pcr: number | null): void {
  out[at] = bytes - 1;
  if (bytes === 1) return;
  out[at + 1] = (randomAccess ? RANDOM_ACCESS : 0) | (pcr === null ? 0 : HAS_PCR);
  if (pcr !== null) writePcr(out, at + FLAGS_BYTES, pcr);
  out.fill(0xff, at + FLAGS_BYTES + (pcr === null ? 0 : PCR_BYTES), at + bytes);
}

function writePcr(out: Buffer, at: number, pcr: number): void {
  const clock = wrapped(pcr);
  out.writeUInt32BE(Math.floor(clock / 2), at);
  out.writeUInt16BE(((clock % 2) << 15) | 0x7e00, at + 4);
}

/** `mark`: 2 a PTS alone, 3 a PTS before a DTS, 1 that DTS. */
function writeTime(out: Buffer, at: number, mark: number, time: number): void {
  const clock = wrapped(time);
  out[at] = (mark << 4) | (Math.floor(clock / 2 ** 30) << 1) | 1;
  out.writeUInt16BE((Math.floor(clock / 2 ** 15) % 2 ** 15) * 2 + 1, at + 1);
  out.writeUInt16BE((clock % 2 ** 15) * 2 + 1, at + 3);
}

function wrapped(time: number): number {
  return ((time % CLOCK_WRAP) + CLOCK_WRAP) % CLOCK_WRAP;
}
