import { ChunkWriter } from './chunk-encode.js';
import { MediaError } from './media-error.js';
import type { RtmpMessage } from './rtmp-message.js';

/** Answers to commands that a client sent without waiting for the answer to connect: a handful at most. */
const MAX_HELD_MESSAGES = 32;

/**
 * What a session has to say and nobody has taken yet. The bound is on a peer that asks faster than its answers are
 * taken: they are taken after each push, so only a flood in one read can reach it.
 */
export class SessionOutput {
  readonly #maxBytes: number;
  readonly #writer = new ChunkWriter();
  #parts: Buffer[] = [];
  #bytes = 0;
  #held: { m: RtmpMessage; chunkStreamId: number }[] | null = null;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  raw(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#maxBytes) throw new MediaError('limit', `${this.#bytes} bytes of output not taken`);
    this.#parts.push(bytes);
  }

  message(m: RtmpMessage, chunkStreamId: number): void {
    if (this.#held === null) {
      this.raw(this.#writer.write(m, chunkStreamId));
    } else {
      if (this.#held.length >= MAX_HELD_MESSAGES) throw new MediaError('limit', 'too many commands before an answer');
      this.#held.push({ m, chunkStreamId });
    }
  }

  /** From now on messages wait for `release`: one that is not known yet has to come before them. */
  hold(): void {
    this.#held ??= [];
  }

  /** Writes `first`, then what was held. */
  release(first: () => void): void {
    const held = this.#held ?? [];
    this.#held = null;
    first();
    for (const { m, chunkStreamId } of held) this.message(m, chunkStreamId);
  }

  get chunkSize(): number {
    return this.#writer.chunkSize;
  }

  setChunkSize(bytes: number): void {
    this.raw(this.#writer.setChunkSize(bytes));
  }

  take(): Buffer | null {
    if (this.#parts.length === 0) return null;
    const all = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
    return all;
  }
}
