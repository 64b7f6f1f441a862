import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** C1, S1, C2 and S2 alike. */
export const HANDSHAKE_PACKET_BYTES = 1536;
const DIGEST_BYTES = 32;
/** Time and version stand in front of the two blocks. */
const BLOCKS_AT = 8;
const BLOCK_BYTES = 764;
/** How many places of its block the digest may stand at, behind the four bytes that tell which. */
const DIGEST_PLACES = BLOCK_BYTES - 4 - DIGEST_BYTES;
/** As SRS says it: a first byte below 3 keeps ffmpeg from going on with RTMPE's rules. */
const SERVER_VERSION = 0x01000504;

/** The keys that both ends know (no secrets): a text for the first packets, and 32 bytes behind it for the answers. */
const CLIENT_KEY = Buffer.from('Genuine Adobe Flash Player 001', 'latin1');
const SERVER_KEY = Buffer.from('Genuine Adobe Flash Media Server 001', 'latin1');
const COMMON_BYTES = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');
const SERVER_ANSWER_KEY = Buffer.concat([SERVER_KEY, COMMON_BYTES]);

/** 0: the block with the key comes first, then that with the digest. 1: the other way round. */
export type DigestScheme = 0 | 1;

/** A digest that stands where its scheme has it, and is right. */
export interface ClientDigest {
  readonly scheme: DigestScheme;
  readonly digest: Buffer;
}

/**
 * The digest in a client's C1 of 1536 bytes, by either scheme. Null: it asks for none (its version bytes are zero, as
 * the specification has it), or no scheme fits: then the simple handshake is its answer.
 */
export function findClientDigest(c1: Buffer): ClientDigest | null {
  if (c1.readUInt32BE(4) === 0) return null;
  // Flash wants scheme 0 tried first (SRS does so, too).
  for (const scheme of [0, 1] as const) {
    const at = digestPlace(c1, scheme);
    const digest = c1.subarray(at, at + DIGEST_BYTES);
    if (timingSafeEqual(digestOf(c1, at, CLIENT_KEY), digest)) return { scheme, digest: Buffer.from(digest) };
  }
  return null;
}

/**
 * S1 and S2 for a client with this digest: S1 is signed by the client's scheme, S2 signs the client's digest. The rest is
 * random, the key block as well: its Diffie-Hellman key is for RTMPE alone, which is not spoken here.
 */
export function answerClientDigest(client: ClientDigest): { s1: Buffer; s2: Buffer } {
  const s1 = randomBytes(HANDSHAKE_PACKET_BYTES);
  s1.writeUInt32BE(0, 0);
  s1.writeUInt32BE(SERVER_VERSION, 4);
  const at = digestPlace(s1, client.scheme);
  digestOf(s1, at, SERVER_KEY).copy(s1, at);
  const s2 = randomBytes(HANDSHAKE_PACKET_BYTES);
  const end = HANDSHAKE_PACKET_BYTES - DIGEST_BYTES;
  hmac(hmac(SERVER_ANSWER_KEY, client.digest), s2.subarray(0, end)).copy(s2, end);
  return { s1, s2 };
}

/** The sum of the digest block's first four bytes says where behind them it stands. */
function digestPlace(packet: Buffer, scheme: DigestScheme): number {
  const block = scheme === 0 ? BLOCKS_AT + BLOCK_BYTES : BLOCKS_AT;
  let sum = 0;
  for (const byte of packet.subarray(block, block + 4)) sum += byte;
  return block + 4 + (sum % DIGEST_PLACES);
}

/** Over all of the packet but the digest itself. */
function digestOf(packet: Buffer, at: number, key: Buffer): Buffer {
  const sum = createHmac('sha256', key);
  return sum
    .update(packet.subarray(0, at))
    .update(packet.subarray(at + DIGEST_BYTES))
    .digest();
}

function hmac(key: Buffer, data: Buffer): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
