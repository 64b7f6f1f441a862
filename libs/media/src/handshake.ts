import { randomBytes } from 'node:crypto';
import { answerClientDigest, findClientDigest, HANDSHAKE_PACKET_BYTES as PACKET_BYTES } from './handshake-digest.js';
import { MediaError } from './media-error.js';

const VERSION = 3;
/** First byte of the header with which a relay tells the client's address (SRS >= 3): F3, u16 length, the address. */
const PROXY_HEADER = 0xf3;
/** An IPv4 address has 4 bytes; more than this is not a header of ours. */
const MAX_PROXY_BYTES = 64;

export type HandshakeStep = { done: true; rest: Buffer } | { done: false };

/**
 * The server's side of the handshake: the simple one (RTMP specification 5.2: S2 = C1, a server version of 0), or the
 * one with digests for a client whose C1 has a valid one (Flash plays H.264 only after that).
 */
export class ServerHandshake {
  readonly #allowProxyHeader: boolean;
  #collected: Buffer = Buffer.alloc(0);
  #state: 'first' | 'c1' | 'c2' | 'done' = 'first';
  #output: Buffer[] = [];
  /** What a proxy header in front of C0 said. */
  clientAddress: string | null = null;

  constructor(o: { allowProxyHeader?: boolean } = {}) {
    this.#allowProxyHeader = o.allowProxyHeader ?? false;
  }

  push(data: Buffer): HandshakeStep {
    this.#collected = this.#collected.length === 0 ? data : Buffer.concat([this.#collected, data]);
    for (;;) {
      if (this.#state === 'first') {
        if (!this.#readVersion()) return { done: false };
      } else if (this.#collected.length < PACKET_BYTES) {
        return { done: false };
      } else if (this.#state === 'c1') {
        this.#answer(this.#collected.subarray(0, PACKET_BYTES));
        this.#skip(PACKET_BYTES);
        this.#state = 'c2';
      } else {
        // C2 is not looked at, as in SRS: ffmpeg's does not answer S1's digest.
        this.#skip(PACKET_BYTES);
        this.#state = 'done';
        return { done: true, rest: this.#collected };
      }
    }
  }

  takeOutput(): Buffer[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }

  #answer(c1: Buffer): void {
    const client = findClientDigest(c1);
    if (client === null) {
      this.#output.push(packet(VERSION), c1);
      return;
    }
    const { s1, s2 } = answerClientDigest(client);
    this.#output.push(Buffer.from([VERSION]), s1, s2);
  }

  /** False: more bytes are needed. */
  #readVersion(): boolean {
    const first = this.#collected[0];
    if (first === undefined) return false;
    if (first === PROXY_HEADER && this.#allowProxyHeader && this.clientAddress === null) {
      if (this.#collected.length < 3) return false;
      const length = this.#collected.readUInt16BE(1);
      if (length < 4 || length > MAX_PROXY_BYTES)
        throw new MediaError('handshake', `a proxy header of ${length} bytes`);
      if (this.#collected.length < 3 + length) return false;
      this.clientAddress = Array.from(this.#collected.subarray(3, 7)).join('.');
      this.#skip(3 + length);
      return this.#readVersion();
    }
    if (first !== VERSION) throw new MediaError('handshake', `RTMP version ${first}`);
    this.#skip(1);
    this.#state = 'c1';
    return true;
  }

  #skip(bytes: number): void {
    this.#collected = this.#collected.subarray(bytes);
  }
}

/** The client's side of the simple handshake. C0 and C1 are in the output from the start. */
export class ClientHandshake {
  #collected: Buffer = Buffer.alloc(0);
  #sentC2 = false;
  #output: Buffer[] = [packet(VERSION)];

  push(data: Buffer): HandshakeStep {
    // A copy: who pushes may use the memory again.
    this.#collected = Buffer.concat([this.#collected, data]);
    const first = this.#collected[0];
    if (first !== undefined && first !== VERSION) throw new MediaError('handshake', `RTMP version ${first}`);
    if (!this.#sentC2 && this.#collected.length >= 1 + PACKET_BYTES) {
      this.#sentC2 = true;
      this.#output.push(Buffer.from(this.#collected.subarray(1, 1 + PACKET_BYTES)));
    }
    const bytes = 1 + 2 * PACKET_BYTES;
    if (this.#collected.length < bytes) return { done: false };
    return { done: true, rest: this.#collected.subarray(bytes) };
  }

  takeOutput(): Buffer[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }
}

/** C0 and C1, or S0 and S1: version, time 0, four zero bytes (which say: simple handshake), random bytes. */
function packet(version: number): Buffer {
  const bytes = Buffer.alloc(1 + PACKET_BYTES);
  bytes[0] = version;
  randomBytes(PACKET_BYTES - 8).copy(bytes, 9);
  return bytes;
}
