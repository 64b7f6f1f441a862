import type { RtmpMessage } from './rtmp-message.js';
import type { ByteAccount } from './slab-account.js';
import { rtmpRunBytes, writeRtmpRun } from './slab-encode.js';
import type { SlabMemory } from './slab-memory.js';

const FIRST_BYTES = 16 * 1024;
/** Of the last slab: one that had more had a message of megabytes, which says nothing of those behind it. */
const MOST_EXPECTED_BYTES = 256 * 1024;
/** A room that is so full is closed as it is. */
const WELL_USED_PART = 4 / 5;
const NO_ROOM: Buffer = Buffer.alloc(0);

/**
 * The slab of a stream that is still growing, as the bytes that its players are sent: nothing else is kept of a message,
 * so a stream of a thousand small ones is one object to the collector, and their payloads need not outlive the call. All its room
 * is in the account, used or not. When it is closed it is handed over as it is, if it is well used: what one read of a source
 * brings is told before (`expect`), so that its bytes are written once.
 */
export class OpenSlab {
  readonly #chunkSize: number;
  readonly #account: ByteAccount;
  readonly #memory: SlabMemory;
  #room = NO_ROOM;
  #bytes = 0;
  /** As was told, or of the last one: a stream of many bits would grow each to its size again, step by step. */
  #expectedBytes = FIRST_BYTES;

  constructor(home: { readonly chunkSize: number; readonly account: ByteAccount; readonly memory: SlabMemory }) {
    this.#chunkSize = home.chunkSize;
    this.#account = home.account;
    this.#memory = home.memory;
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(message: RtmpMessage): void {
    const before = this.#bytes;
    const needed = before + rtmpRunBytes(message, this.#chunkSize);
    if (needed > this.#room.length) this.#widen(Math.max(needed, this.#room.length * 2, this.#expectedBytes));
    this.#bytes = writeRtmpRun(message, this.#chunkSize, this.#room, before);
  }

  /** So many bytes come now, about. */
  expect(bytes: number): void {
    this.#expectedBytes = Math.max(bytes, FIRST_BYTES);
  }

  /** What it has, in memory of about that size; the next one begins. */
  close(): Buffer {
    const room = this.#room;
    const bytes = this.#bytes;
    this.#bytes = 0;
    this.expect(Math.min(bytes, MOST_EXPECTED_BYTES));
    if (bytes >= room.length * WELL_USED_PART) {
      this.#account.add(-room.length);
      this.#room = NO_ROOM;
      return room;
    }
    const memory = this.#memory.take(bytes);
    room.copy(memory, 0, 0, bytes);
    this.#leaveRoom();
    return memory;
  }

  #widen(bytes: number): void {
    const wider = this.#memory.take(bytes);
    this.#room.copy(wider, 0, 0, this.#bytes);
    this.#leaveRoom();
    this.#room = wider;
    this.#account.add(wider.length);
  }

  #leaveRoom(): void {
    if (this.#room === NO_ROOM) return;
    this.#account.add(-this.#room.length);
    this.#memory.give(this.#room);
    this.#room = NO_ROOM;
  }
}
