import { createHmac } from 'node:crypto';

/**
 * The client's side of the digest handshake, written from what librtmp and SRS do, apart from the server's code: so that
 * the two do not share their mistakes.
 */
const common = 'f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae';
const clientKey = Buffer.concat([Buffer.from('Genuine Adobe Flash Player 001'), Buffer.from(common, 'hex')]);
const serverKey = Buffer.concat([Buffer.from('Genuine Adobe Flash Media Server 001'), Buffer.from(common, 'hex')]);

export type Scheme = 0 | 1;

/** C1 over `filling` (1536 bytes, of which time, version and digest are overwritten). */
export function digestC1(scheme: Scheme, filling: Buffer, version = 0x80000702): Buffer {
  const c1 = Buffer.from(filling);
  c1.writeUInt32BE(0, 0);
  c1.writeUInt32BE(version, 4);
  const at = placeOf(c1, scheme);
  digest(c1, at, clientKey.subarray(0, 30)).copy(c1, at);
  return c1;
}

/** What a strict client finds wrong with S0, S1 and S2; null: nothing. */
export function faultOf(answer: Buffer, c1: Buffer, scheme: Scheme): string | null {
  if (answer.length !== 1 + 2 * 1536 || answer[0] !== 3) return 'not S0, S1 and S2';
  const s1 = answer.subarray(1, 1537);
  const s2 = answer.subarray(1537);
  if (s1.readUInt32BE(4) === 0) return 'S1 is simple';
  const at = placeOf(s1, scheme);
  if (!digest(s1, at, serverKey.subarray(0, 36)).equals(s1.subarray(at, at + 32))) return 'S1 has no valid digest';
  const c1At = placeOf(c1, scheme);
  const key = createHmac('sha256', serverKey)
    .update(c1.subarray(c1At, c1At + 32))
    .digest();
  const signature = createHmac('sha256', key).update(s2.subarray(0, 1504)).digest();
  return signature.equals(s2.subarray(1504)) ? null : 'S2 does not sign the digest of C1';
}

/** The C2 of a strict client. */
export function digestC2(answer: Buffer, scheme: Scheme): Buffer {
  const s1 = answer.subarray(1, 1537);
  const at = placeOf(s1, scheme);
  const key = createHmac('sha256', clientKey)
    .update(s1.subarray(at, at + 32))
    .digest();
  const c2 = Buffer.alloc(1536, 0x2b);
  createHmac('sha256', key).update(c2.subarray(0, 1504)).digest().copy(c2, 1504);
  return c2;
}

function placeOf(packet: Buffer, scheme: Scheme): number {
  const from = scheme === 1 ? 8 : 8 + 764;
  const [a, b, c, d] = [packet[from], packet[from + 1], packet[from + 2], packet[from + 3]].map((byte) => byte ?? 0);
  return from + 4 + (((a ?? 0) + (b ?? 0) + (c ?? 0) + (d ?? 0)) % 728);
}

function digest(packet: Buffer, at: number, key: Buffer): Buffer {
  return createHmac('sha256', key)
    .update(Buffer.concat([packet.subarray(0, at), packet.subarray(at + 32)]))
    .digest();
}
