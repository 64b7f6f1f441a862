/** What the app layer needs of the world; the adapters and main give it. */

/** Time: `now` in monotonic milliseconds. */
export interface Timers {
  now(): number;
  /** Calls `fn` once after `ms`; the answer takes it back. */
  after(ms: number, fn: () => void): () => void;
}

/** The writing end of a client's connection. A node:net Socket is one. */
export interface Sink {
  /** Bytes not yet given to the kernel; 0 right after a write that it took whole. */
  readonly writableLength: number;
  write(bytes: Buffer): unknown;
  cork(): void;
  uncork(): void;
}

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}
