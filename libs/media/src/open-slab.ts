import type { RtmpMessage } from './rtmp-message.js';
import { rtmpRunBytes, writeRtmpRun } from './slab-encode.js';

const FIRST_BYTES = 16 * 1024;
/** More than this is not kept from one slab to the next: it was a burst, or a stream of many bits. */
const KEPT_BYTES = 64 * 1024;

/**
 * The slab of a stream that is still growing, as the bytes that its players are sent: nothing else is kept of a message,
 * so a stream of a thousand small ones is one object to the collector, and their payloads need not outlive the call.
 */
export class OpenSlab {
  readonly #chunkSize: number;
  #room: Buffer = Buffer.alloc(0);
  #bytes = 0;

  constructor(chunkSize: number) {
    this.#chunkSize = chunkSize;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The answer: by how many bytes it grew. */
  append(message: RtmpMessage): number {
    const before = this.#bytes;
    const needed = before + rtmpRunBytes(message, this.#chunkSize);
    if (needed > this.#room.length) {
      const wider = Buffer.allocUnsafeSlow(Math.max(needed, this.#room.length * 2, FIRST_BYTES));
      this.#room.copy(wider, 0, 0, before);
      this.#room = wider;
    }
    this.#bytes = writeRtmpRun(message, this.#chunkSize, this.#room, before);
    return this.#bytes - before;
  }

  /** Moves all of it to `memory`, which has room for `bytes`; the next one begins. */
  moveTo(memory: Buffer): void {
    this.#room.copy(memory, 0, 0, this.#bytes);
    this.#bytes = 0;
    if (this.#room.length > KEPT_BYTES) this.#room = Buffer.alloc(0);
  }
}
