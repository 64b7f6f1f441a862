/**
 * What a peer may do in a time: a bucket of `burst` units that fills at `perSecond`. What is taken beyond it is a debt that
 * has to be waited for, so a burst once is free, and a flood goes at the bucket's pace.
 */
export class FlowBudget {
  readonly #o: { readonly perSecond: number; readonly burst: number };
  #units: number;
  #atMs: number;

  constructor(o: { readonly perSecond: number; readonly burst: number }, nowMs: number) {
    this.#o = o;
    this.#units = o.burst;
    this.#atMs = nowMs;
  }

  /** Takes `units`; milliseconds until they are paid for, 0: at once. */
  take(units: number, nowMs: number): number {
    const { perSecond, burst } = this.#o;
    this.#units = Math.min(burst, this.#units + ((nowMs - this.#atMs) * perSecond) / 1000) - units;
    this.#atMs = nowMs;
    return this.#units >= 0 ? 0 : Math.ceil((-this.#units * 1000) / perSecond);
  }
}
