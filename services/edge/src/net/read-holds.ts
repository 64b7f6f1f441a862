import type { Socket } from 'node:net';
import type { Timers } from '../app/ports.js';

/**
 * Why a client is not read: it says too much, also while it is asked about; its upstream is behind; it asked more than is
 * answered; what it publishes is read at the next beat.
 */
const HOLD = { pace: 1, aside: 2, upstream: 4, answer: 8, beat: 16 } as const;
export type Hold = keyof typeof HOLD;

/** Whether a client's socket is read: what it sends meanwhile waits in its own TCP window. */
export class ReadHolds {
  readonly #socket: Socket;
  readonly #timers: Timers;
  /** Those that hold now, by their bits; it is read when there is none. */
  #holds = 0;
  #cancelPace: (() => void) | null = null;

  constructor(socket: Socket, timers: Timers) {
    this.#socket = socket;
    this.#timers = timers;
  }

  hold(why: Hold): void {
    this.#holds |= HOLD[why];
    this.#socket.pause();
  }

  /** It is read again, unless something else holds it. */
  letGo(why: Hold): void {
    if ((this.#holds & HOLD[why]) === 0) return;
    this.#holds &= ~HOLD[why];
    if (this.#holds === 0) this.#socket.resume();
  }

  /** It says more than it may: it is not read for `ms` (0: it may). */
  holdBack(ms: number): void {
    if (ms === 0) return;
    this.hold('pace');
    this.#cancelPace?.();
    this.#cancelPace = this.#timers.after(ms, () => this.letGo('pace'));
  }

  /** Its socket is closed. */
  dispose(): void {
    this.#cancelPace?.();
  }
}
