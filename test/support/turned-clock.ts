/** Time passes when the test says so. */
export class TurnedClock {
  #ms = 0;
  readonly #due = new Set<{ atMs: number; fn: () => void }>();

  now(): number {
    return this.#ms;
  }

  after(ms: number, fn: () => void): () => void {
    const entry = { atMs: this.#ms + ms, fn };
    this.#due.add(entry);
    return () => this.#due.delete(entry);
  }

  pass(ms: number): void {
    this.#ms += ms;
    for (const entry of [...this.#due]) {
      if (entry.atMs > this.#ms || !this.#due.delete(entry)) continue;
      entry.fn();
    }
  }
}
