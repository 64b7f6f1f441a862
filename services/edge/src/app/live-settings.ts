import { planReload } from '../domain/reload-plan.js';
import type { EdgeSettings } from '../domain/settings.js';
import type { Log, Timers } from './ports.js';

/** Where settings come from: SRS's two steps, each of which has its own place in the report. */
export interface ConfSource<Conf> {
  /** Reads the files and their syntax. */
  load(): Conf;
  /** What the conf means; throws for what this server does not take. */
  check(conf: Conf): EdgeSettings;
}

/** `reload-fetch` of SRS: `state` 90 is good, else it is the step that failed; `rid` tells one reload from the next. */
export interface ReloadReport {
  readonly err: number;
  readonly msg: string;
  readonly state: number;
  readonly rid: string;
  /** Directives that wait for the next start; not of SRS. */
  readonly kept?: readonly string[];
}

/** SRS: SrsReloadState. */
const STATE = { init: 0, parsing: 10, transforming: 20, applying: 30, finished: 90 } as const;
/** SRS: ERROR_SYSTEM_CONFIG_INVALID, ERROR_SYSTEM_FILE_OPENE, ERROR_RTMP_EDGE_RELOAD. */
const ERR = { invalid: 1023, noFile: 1042, mode: 2023 } as const;
/** Reloads that are asked for within it are one: a script in a loop costs a player nothing. SRS looks once a second. */
const GATHER_MS = 50;
const RID_CHARS = 7;

/** The settings in force, and the one place where a reload replaces them. A conf that is not good changes nothing. */
export class LiveSettings<Conf> {
  readonly #source: ConfSource<Conf>;
  readonly #timers: Timers;
  readonly #log: Log;
  readonly #newId: (chars: number) => string;
  readonly #listeners: ((settings: EdgeSettings) => void)[] = [];
  #current: EdgeSettings;
  #last: ReloadReport;
  #asked = false;

  constructor(
    first: EdgeSettings,
    source: ConfSource<Conf>,
    o: { timers: Timers; log: Log; newId: (chars: number) => string },
  ) {
    this.#current = first;
    this.#source = source;
    this.#timers = o.timers;
    this.#log = o.log;
    this.#newId = o.newId;
    this.#last = { err: 0, msg: 'Success', state: STATE.init, rid: o.newId(RID_CHARS) };
  }

  get current(): EdgeSettings {
    return this.#current;
  }

  /** How the last reload went. */
  get last(): ReloadReport {
    return this.#last;
  }

  /** Called after each reload that changed something. */
  onChange(listener: (settings: EdgeSettings) => void): void {
    this.#listeners.push(listener);
  }

  /** Reads the conf again, soon; `last` has another `rid` when it is done. */
  reload(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#timers.after(GATHER_MS, () => {
      this.#asked = false;
      this.#reload();
    });
  }

  #reload(): void {
    let state: number = STATE.parsing;
    try {
      const conf = this.#source.load();
      state = STATE.transforming;
      this.#apply(this.#source.check(conf));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      // What a reader threw stands behind the place in the conf that named the file.
      const isFile = error instanceof Error && error.cause !== undefined;
      this.#failed(state, state === STATE.parsing && isFile ? ERR.noFile : ERR.invalid, why);
    }
  }

  #apply(asked: EdgeSettings): void {
    const plan = planReload(this.#current, asked);
    if (plan.is === 'refuse') {
      this.#failed(STATE.applying, ERR.mode, plan.why);
      return;
    }
    const { settings, changed, kept } = plan;
    this.#current = settings;
    if (changed.length > 0) for (const listener of this.#listeners) listener(settings);
    this.#last = {
      ...{ err: 0, msg: 'Success', state: STATE.finished, rid: this.#newId(RID_CHARS) },
      ...(kept.length > 0 && { kept }),
    };
    if (kept.length > 0) this.#log.warn({ kept }, 'these stay as they were: they need a start');
    this.#log.info({ changed }, 'reloaded');
  }

  #failed(state: number, err: number, msg: string): void {
    this.#last = { err, msg, state, rid: this.#newId(RID_CHARS) };
    this.#log.warn({ err, why: msg }, 'the conf is not good: all stays as it was');
  }
}
