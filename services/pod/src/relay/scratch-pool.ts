/** What one read of a fast edge brings; larger would not make it cheaper (design: cost is per write call). */
export const SCRATCH_BYTES = 64 * 1024;
/** Free buffers that are kept for the next slow client; beyond that the garbage collector has them. */
const MAX_FREE = 64;

/**
 * Buffers for bytes on their way to a client. The buffer that an edge was read into is shared by all connections and
 * must never be written itself: after a write that the kernel took in part, libuv goes on pointing into it, and the
 * next read would change what the slow client gets.
 */
export class ScratchPool {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  }

  give(buffer: Buffer): void {
    if (this.#free.length < MAX_FREE) this.#free.push(buffer);
  }
}
