import { TS_PACKET_BYTES } from './ts-packets.js';

/** As SRS has them; any from 0x10 on would do. */
export const TsPid = { pat: 0, pmt: 0x1001, video: 0x100, audio: 0x101 } as const;

/** Stream types (ISO 13818-1, table 2-34). */
export const TsStreamType = { mpeg1Audio: 0x03, mpeg2Audio: 0x04, aac: 0x0f, h264: 0x1b, hevc: 0x24 } as const;

export interface TsTrack {
  readonly pid: number;
  readonly type: number;
}

const PROGRAM = 1;
const SECTION_HEAD_BYTES = 8;

/** The packet that says where the program's map is. */
export function patPacket(counter: number): Buffer {
  const body = Buffer.alloc(4);
  body.writeUInt16BE(PROGRAM, 0);
  body.writeUInt16BE(0xe000 | TsPid.pmt, 2);
  return sectionPacket(TsPid.pat, counter, 0, body);
}

/** The packet that says which tracks there are, and whose packets carry the clock. */
export function pmtPacket(counter: number, clockPid: number, tracks: readonly TsTrack[]): Buffer {
  const body = Buffer.alloc(4 + tracks.length * 5);
  body.writeUInt16BE(0xe000 | clockPid, 0);
  body.writeUInt16BE(0xf000, 2);
  tracks.forEach(({ pid, type }, index) => {
    const at = 4 + index * 5;
    body[at] = type;
    body.writeUInt16BE(0xe000 | pid, at + 1);
    body.writeUInt16BE(0xf000, at + 3);
  });
  return sectionPacket(TsPid.pmt, counter, 2, body);
}

/** One section of a table in one packet (2.4.4); all of ours fit. */
function sectionPacket(pid: number, counter: number, tableId: number, body: Buffer): Buffer {
  const section = Buffer.alloc(SECTION_HEAD_BYTES + body.length);
  section[0] = tableId;
  section.writeUInt16BE(0xb000 | (section.length - 3 + 4), 1);
  section.writeUInt16BE(PROGRAM, 3);
  // Version 0, in force now, section 0 of 0.
  section[5] = 0xc1;
  body.copy(section, SECTION_HEAD_BYTES);
  const packet = Buffer.alloc(TS_PACKET_BYTES, 0xff);
  packet[0] = 0x47;
  packet.writeUInt16BE(0x4000 | pid, 1);
  packet[3] = 0x10 | (counter & 0x0f);
  packet[4] = 0;
  section.copy(packet, 5);
  packet.writeUInt32BE(crc32(section), 5 + section.length);
  return packet;
}

/** The checksum of sections (annex A): polynomial 04C11DB7, not reflected. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}
