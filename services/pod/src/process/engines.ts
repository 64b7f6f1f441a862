import { DOLPHIN_VERSION } from '@dolphin/protocol';
import type { Log } from '../app/ports.js';
import { type Dialect, dialectFrom, srsVersion } from '../domain/dialect.js';
import { knownDefects } from '../domain/known-defects.js';
import type { UnderParent } from './parent-death.js';
import { fileIdentity } from './program-identity.js';
import { runBriefly } from './run-briefly.js';

export interface Engine {
  readonly path: string;
  readonly dialect: Dialect;
  /** What it says of itself. */
  readonly version: string;
}

interface Known {
  /** The file that was asked. */
  readonly path: string;
  readonly identity: string;
  readonly answer: Promise<Engine | { why: string }>;
}

export interface EnginesOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly under: UnderParent;
  readonly log: Log;
}

/**
 * Programs by name, as this host's own configuration maps them. What each one is, is asked once, and again when another
 * file lies at its path.
 */
export class Engines {
  readonly #paths: () => ReadonlyMap<string, string>;
  readonly #known = new Map<string, Known>();
  readonly #warnings = new Map<string, readonly string[]>();
  readonly #o: EnginesOptions;

  constructor(paths: () => ReadonlyMap<string, string>, o: EnginesOptions) {
    this.#paths = paths;
    this.#o = o;
  }

  get names(): ReadonlySet<string> {
    return new Set(this.#paths().keys());
  }

  /** What is known to be wrong with the versions that were asked so far. */
  get warnings(): string[] {
    return [...this.#warnings.values()].flat();
  }

  /** Null: no engine of that name. `why`: it cannot be used, for now. */
  async find(name: string): Promise<Engine | { why: string } | null> {
    const path = this.#paths().get(name);
    if (path === undefined) return null;
    // Asking it would cost a start of Node, and the name is ours.
    if (name === 'builtin') return { path, dialect: 'builtin', version: DOLPHIN_VERSION };
    const identity = await fileIdentity(path);
    let known = this.#known.get(name);
    if (known === undefined || known.path !== path || known.identity !== identity) {
      known = { path, identity, answer: this.#ask(name, path) };
      this.#known.set(name, known);
    }
    const answer = await known.answer;
    // A file that was missing may be there next time.
    if ('why' in answer && this.#known.get(name) === known) this.#known.delete(name);
    return answer;
  }

  /** Is there one among them that takes sockets? */
  async haveTaker(): Promise<boolean> {
    for (const name of this.names) {
      const engine = await this.find(name);
      if (engine !== null && !('why' in engine) && engine.dialect === 'builtin') return true;
    }
    return false;
  }

  async #ask(name: string, path: string): Promise<Engine | { why: string }> {
    const run = await runBriefly(path, ['-v'], this.#o);
    if (run.missing) return { why: `${path} cannot be run` };
    const dialect = dialectFrom(run.output);
    if (dialect === null) return { why: `${path} -v does not tell a version` };
    const version = dialect === 'builtin' ? null : srsVersion(run.output);
    const warnings = version === null ? [] : knownDefects(version).map((defect) => `engine ${name}: ${defect}`);
    for (const warning of warnings) this.#o.log.warn({ engine: name, path }, warning);
    this.#warnings.set(name, warnings);
    return { path, dialect, version: run.output };
  }
}
