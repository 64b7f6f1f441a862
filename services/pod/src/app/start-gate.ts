/** Starting an edge takes a core for some tenths of a second, twice: the test of its conf, and itself. */
const STARTS_PER_CORE = 2;

/**
 * Lets so many edges start at a time. A host that starts sixty at once starves them all: each one's time to become
 * ready is over before it had its share of the processor, and they are killed and started again for ever.
 */
export class StartGate {
  #free: number;
  /** Who must wait, in the order of coming; back sources before the edges that pull from them. */
  readonly #urgent: (() => void)[] = [];
  readonly #others: (() => void)[] = [];

  constructor(cores: number) {
    this.#free = Math.max(1, cores) * STARTS_PER_CORE;
  }

  /** Resolves when it may start, with what is to be called (once is enough, more does no harm) when it has, or has failed. */
  enter(o: { urgent: boolean }): Promise<() => void> {
    return new Promise((resolve) => {
      const enter = () => {
        let left = false;
        resolve(() => {
          if (left) return;
          left = true;
          this.#leave();
        });
      };
      if (this.#free === 0) {
        (o.urgent ? this.#urgent : this.#others).push(enter);
        return;
      }
      this.#free -= 1;
      enter();
    });
  }

  #leave(): void {
    const next = this.#urgent.shift() ?? this.#others.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
