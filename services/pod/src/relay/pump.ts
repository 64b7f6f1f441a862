import type { Socket } from 'node:net';
import type { RelayLimits } from './relay-limits.js';
import type { ScratchPool } from './scratch-pool.js';

/** The way from the edge to the client: at most one write outstanding, and no read while it is. */
export class DownPump {
  /** Bytes that the client's connection took. */
  sentBytes = 0;
  readonly #client: Socket;
  readonly #scratch: ScratchPool;
  #edge: Socket | null = null;
  /** When the outstanding write was given; null: none is. */
  #writingSince: number | null = null;
  #lastBytesAt = performance.now();

  constructor(client: Socket, scratch: ScratchPool) {
    this.#client = client;
    this.#scratch = scratch;
  }

  useEdge(edge: Socket): void {
    this.#edge = edge;
  }

  /** `source` holds `bytes` of the edge until this returns. False: read no more; reading goes on by itself. */
  onBytes(source: Buffer, bytes: number): boolean {
    const client = this.#client;
    this.#lastBytesAt = performance.now();
    // A client that ended has left: the rest is nobody's.
    if (client.destroyed || client.writableEnded) return true;
    const scratch = this.#scratch.take();
    source.copy(scratch, 0, 0, bytes);
    this.sentBytes += bytes;
    client.write(scratch.subarray(0, bytes), () => {
      // Also called, with an error, when the client is gone: then nothing points into the buffer either.
      this.#scratch.give(scratch);
      if (this.#writingSince === null) return;
      this.#writingSince = null;
      this.#edge?.resume();
    });
    if (client.writableLength === 0) return true;
    this.#writingSince = performance.now();
    return false;
  }

  /** How long the client has taken nothing of what it was given, ms. */
  stalledMs(now: number): number {
    return this.#writingSince === null ? 0 : now - this.#writingSince;
  }

  idleMs(now: number): number {
    return now - this.#lastBytesAt;
  }
}

/** The way from the client to the edge. Accepted sockets are read by `data`: each chunk is a buffer of its own. */
export class UpPump {
  readonly #client: Socket;
  readonly #edge: Socket;
  #allowedBytes: number;
  #writingSince: number | null = null;
  #lastBytesAt = performance.now();

  /** `allowedBytes`: what the client may still send; more of it is read and dropped, so that its end is seen. */
  constructor(client: Socket, edge: Socket, allowedBytes: number) {
    this.#client = client;
    this.#edge = edge;
    this.#allowedBytes = allowedBytes;
  }

  start(): void {
    this.#client.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#edge.on('drain', () => {
      this.#writingSince = null;
      this.#client.resume();
    });
    this.#client.resume();
  }

  stalledMs(now: number): number {
    return this.#writingSince === null ? 0 : now - this.#writingSince;
  }

  idleMs(now: number): number {
    return now - this.#lastBytesAt;
  }

  #onData(chunk: Buffer): void {
    this.#lastBytesAt = performance.now();
    const allowed = chunk.length <= this.#allowedBytes ? chunk : chunk.subarray(0, this.#allowedBytes);
    this.#allowedBytes -= allowed.length;
    if (allowed.length === 0 || this.#edge.destroyed || this.#edge.writableEnded) return;
    if (this.#edge.write(allowed)) return;
    this.#writingSince ??= performance.now();
    this.#client.pause();
  }
}

/** Why a relayed pair has to end, if it has: `slow` is the client, `stalled` the edge. */
export function overdue(
  now: number,
  down: DownPump,
  up: UpPump,
  limits: RelayLimits,
): 'slow' | 'stalled' | 'idle' | null {
  if (down.stalledMs(now) > limits.stallMs) return 'slow';
  if (up.stalledMs(now) > limits.stallMs) return 'stalled';
  return Math.min(down.idleMs(now), up.idleMs(now)) > limits.idleMs ? 'idle' : null;
}
