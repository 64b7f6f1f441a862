import type { Timers } from './ports.js';

/** Why somebody got no place: too many wait, or none was free in time; or whoever it was for left. */
export type NoPlace = 'crowded' | 'left';

export interface PlacesOptions {
  readonly max: number;
  readonly maxWaiting: number;
  /** How long one waits. */
  readonly waitMs: number;
  readonly timers: Timers;
}

/** A bounded number of places, and in front of them a bounded line of those who want one. */
export class Places {
  readonly #o: PlacesOptions;
  readonly #line = new Set<() => void>();
  #taken = 0;

  constructor(o: PlacesOptions) {
    this.#o = o;
  }

  /**
   * Calls `onPlace` when there is a place, before this returns or in its turn, and it is the caller's until `leave`; or `onNone`. Who is
   * `gone` leaves the line at once; null: it waits for nobody.
   */
  enter(gone: AbortSignal | null, onPlace: () => void, onNone: (why: NoPlace) => void): void {
    if (gone?.aborted) onNone('left');
    else if (this.#taken < this.#o.max) {
      this.#taken++;
      onPlace();
    } else if (this.#line.size >= this.#o.maxWaiting) onNone('crowded');
    else this.#wait(gone, onPlace, onNone);
  }

  leave(): void {
    this.#taken--;
    const [turn] = this.#line;
    if (turn === undefined) return;
    this.#taken++;
    turn();
  }

  #wait(gone: AbortSignal | null, onPlace: () => void, onNone: (why: NoPlace) => void): void {
    const leaveLine = () => {
      this.#line.delete(turn);
      cancelTimer();
      gone?.removeEventListener('abort', onGone);
    };
    const turn = () => {
      leaveLine();
      onPlace();
    };
    const giveUp = (why: NoPlace) => {
      leaveLine();
      onNone(why);
    };
    const onGone = () => giveUp('left');
    const cancelTimer = this.#o.timers.after(this.#o.waitMs, () => giveUp('crowded'));
    gone?.addEventListener('abort', onGone);
    this.#line.add(turn);
  }
}
