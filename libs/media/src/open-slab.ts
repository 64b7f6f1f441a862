import type { RtmpMessage } from './rtmp-message.js';
import type { ByteAccount } from './slab-account.js';
import { rtmpRunBytes, writeRtmpRun } from './slab-encode.js';

const FIRST_BYTES = 16 * 1024;
/** Kept from one slab to the next, however little of it the last one took. */
const KEPT_BYTES = 64 * 1024;
/** Kept if the last one took half of it: a stream of many bits, whose every slab would grow to its size again. */
const MOST_KEPT_BYTES = 512 * 1024;
const NO_ROOM: Buffer = Buffer.alloc(0);

/**
 * The slab of a stream that is still growing, as the bytes that its players are sent: nothing else is kept of a message,
 * so a stream of a thousand small ones is one object to the collector, and their payloads need not outlive the call. All its room
 * is in the account, used or not.
 */
export class OpenSlab {
  readonly #chunkSize: number;
  readonly #account: ByteAccount;
  #room = NO_ROOM;
  #bytes = 0;

  constructor(chunkSize: number, account: ByteAccount) {
    this.#chunkSize = chunkSize;
    this.#account = account;
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(message: RtmpMessage): void {
    const before = this.#bytes;
    const needed = before + rtmpRunBytes(message, this.#chunkSize);
    if (needed > this.#room.length) {
      const wider = Buffer.allocUnsafeSlow(Math.max(needed, this.#room.length * 2, FIRST_BYTES));
      this.#room.copy(wider, 0, 0, before);
      this.#use(wider);
    }
    this.#bytes = writeRtmpRun(message, this.#chunkSize, this.#room, before);
  }

  /** Moves all of it to `memory`, which has room for `bytes`; the next one begins. */
  moveTo(memory: Buffer): void {
    this.#room.copy(memory, 0, 0, this.#bytes);
    const isWellUsed = this.#bytes * 2 >= this.#room.length && this.#room.length <= MOST_KEPT_BYTES;
    this.#bytes = 0;
    if (this.#room.length > KEPT_BYTES && (!isWellUsed || this.#account.isOver)) this.#use(NO_ROOM);
  }

  /** Gives up its room, which has to be empty. */
  clear(): void {
    this.#use(NO_ROOM);
  }

  #use(room: Buffer): void {
    this.#account.add(room.length - this.#room.length);
    this.#room = room;
  }
}
