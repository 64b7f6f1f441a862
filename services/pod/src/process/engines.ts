import { type Dialect, dialectFrom } from '../domain/dialect.js';
import type { UnderParent } from './parent-death.js';
import { runBriefly } from './run-briefly.js';

export interface Engine {
  readonly path: string;
  readonly dialect: Dialect;
}

/** Programs by name, as this host's own configuration maps them; what each one is, is asked once. */
export class Engines {
  readonly #paths: ReadonlyMap<string, string>;
  readonly #known = new Map<string, Promise<Engine | { why: string }>>();
  readonly #o: { cwd: string; env: NodeJS.ProcessEnv; under: UnderParent };

  constructor(paths: ReadonlyMap<string, string>, o: { cwd: string; env: NodeJS.ProcessEnv; under: UnderParent }) {
    this.#paths = paths;
    this.#o = o;
  }

  get names(): ReadonlySet<string> {
    return new Set(this.#paths.keys());
  }

  /** Null: no engine of that name. `why`: it cannot be used, for now. */
  async find(name: string): Promise<Engine | { why: string } | null> {
    const path = this.#paths.get(name);
    if (path === undefined) return null;
    // Asking it would cost a start of Node, and the name is ours.
    if (name === 'builtin') return { path, dialect: 'builtin' };
    let known = this.#known.get(name);
    if (known === undefined) {
      known = this.#ask(path);
      this.#known.set(name, known);
    }
    const answer = await known;
    // A file that was missing may be there next time.
    if ('why' in answer) this.#known.delete(name);
    return answer;
  }

  async #ask(path: string): Promise<Engine | { why: string }> {
    const run = await runBriefly(path, ['-v'], this.#o);
    if (run.missing) return { why: `${path} cannot be run` };
    const dialect = dialectFrom(run.output);
    return dialect === null ? { why: `${path} -v does not tell a version` } : { path, dialect };
  }
}
