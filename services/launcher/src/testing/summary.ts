/** What node's test runner counts, in its order and words. */
const COUNTS = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo', 'duration_ms'] as const;
type Count = (typeof COUNTS)[number];

/** The sum of several runs of node's test runner. */
export class Summary {
  readonly #counts = new Map<Count, number>(COUNTS.map((name) => [name, 0]));
  readonly skipped: { name: string; file: string; why: string }[] = [];
  readonly failed: { name: string; file: string }[] = [];

  /** Takes a closing line of a run, such as `pass 12`; false when it is none. */
  add(line: string): boolean {
    const [name, value] = line.split(' ');
    const known = COUNTS.find((count) => count === name);
    const number = Number(value);
    if (!known || !Number.isFinite(number)) return false;
    this.#counts.set(known, (this.#counts.get(known) ?? 0) + number);
    return true;
  }

  /** A check of our own, counted as one more test. */
  addCheck(name: string, passed: boolean): void {
    this.add('tests 1');
    this.add(passed ? 'pass 1' : 'fail 1');
    if (!passed) this.failed.push({ name, file: '' });
  }

  count(name: Count): number {
    return this.#counts.get(name) ?? 0;
  }

  get ok(): boolean {
    return this.count('fail') === 0 && this.count('cancelled') === 0 && this.count('tests') > 0;
  }

  /** In the form of node's spec reporter. */
  lines(): string[] {
    return COUNTS.map((name) => `ℹ ${name} ${this.count(name)}`);
  }
}
