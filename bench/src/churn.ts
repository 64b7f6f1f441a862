import { type LoadPlayer, type LoadTarget, openPlayer } from './load-player.js';

/** What joining was like, over a window. */
export interface ChurnResult {
  joined: number;
  failed: number;
  /** From dialling to the first media, in ms. */
  joinMs: { median: number; p99: number };
}

/** In steps, so that they come one by one, as viewers do, and not in a burst a second. */
const TICK_MS = 20;
/** How long each stays after its first media: long enough to have got the GOP that a joiner is sent. */
const STAY_MS = 1000;
/** One that does not play by then has failed. */
const JOIN_WITHIN_MS = 10_000;

/** Players that come and go, so many a second, for as long as it runs. */
export class Churn {
  readonly #target: LoadTarget;
  readonly #perSecond: number;
  readonly #players = new Set<LoadPlayer>();
  #joinMs: number[] = [];
  #failed = 0;
  #bytesOfGone = 0;
  #began = 0;
  #opened = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(target: LoadTarget, perSecond: number) {
    this.#target = target;
    this.#perSecond = perSecond;
  }

  start(): void {
    this.#began = performance.now();
    this.#timer = setInterval(() => this.#openDue(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const player of this.#players) player.close();
  }

  /** Received by all of them since the start. */
  get bytes(): number {
    let bytes = this.#bytesOfGone;
    for (const player of this.#players) bytes += player.bytes;
    return bytes;
  }

  /** Since the start, or since this was last asked. */
  take(): ChurnResult {
    const sorted = this.#joinMs.sort((a, b) => a - b);
    const at = (share: number) =>
      Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
    const result = { joined: sorted.length, failed: this.#failed, joinMs: { median: at(0.5), p99: at(0.99) } };
    this.#joinMs = [];
    this.#failed = 0;
    return result;
  }

  #openDue(): void {
    const due = Math.floor(((performance.now() - this.#began) * this.#perSecond) / 1000);
    for (; this.#opened < due; this.#opened++) this.#open();
  }

  #open(): void {
    const dialledAt = performance.now();
    const player = openPlayer(this.#target, undefined, () => {
      if (player.state === 'playing') {
        clearTimeout(late);
        this.#joinMs.push(performance.now() - dialledAt);
        setTimeout(() => this.#close(player), STAY_MS);
        return;
      }
      // A player that was playing and ends before its time was cut off.
      if (!this.#players.has(player)) return;
      clearTimeout(late);
      this.#failed++;
      this.#close(player);
    });
    const late = setTimeout(() => {
      this.#failed++;
      this.#close(player);
    }, JOIN_WITHIN_MS);
    this.#players.add(player);
  }

  #close(player: LoadPlayer): void {
    if (!this.#players.delete(player)) return;
    this.#bytesOfGone += player.bytes;
    player.close();
  }
}
