/** A bounded number of places, and a line in front of them. */
export class Places {
  readonly #max: number;
  readonly #line: (() => boolean)[] = [];
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** In the line, with those that gave up meanwhile. */
  get waiting(): number {
    return this.#line.length;
  }

  /** Calls `onPlace` when there is one; it says whether it takes it. */
  enter(onPlace: () => boolean): void {
    if (this.#taken >= this.#max) this.#line.push(onPlace);
    else if (onPlace()) this.#taken++;
  }

  leave(): void {
    this.#taken--;
    while (this.#taken < this.#max) {
      const next = this.#line.shift();
      if (next === undefined) return;
      if (next()) this.#taken++;
    }
  }
}
