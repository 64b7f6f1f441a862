import {
  type EdgeObservation,
  type Excuse,
  type FreezeLimits,
  judgeFreeze,
  NOTHING_WATCHED,
  suspectsOf,
} from '../domain/freeze-rule.js';
import type { EdgeRunner } from './edge-runner.js';
import type { Log, Timers } from './ports.js';

const ROUND_MS = 250;
/** A loop that is later than this missed too much of what edges said meanwhile: they speak once a second. */
const LATE_MS = 1000;
/** Who said something by himself, as the built-in edge does each second, is not asked: a question costs both sides. */
const ASK_AFTER_SILENCE_MS = 1250;
/** SRS answers its API on the thread that sends its media: no more than one small question a second. */
const ASK_EVERY_MS = 1000;

/** The relay processes, each of which speaks once a second. */
export interface WatchedRelays {
  /** Those that are up; `heard` counts what they said. */
  up(): readonly { readonly name: string; readonly pid: number; readonly heard: number }[];
  /** It is frozen: its clients hang, and are free when it is gone. */
  kill(name: string, why: string): void;
}

export interface FreezeWatchDeps {
  readonly timers: Timers;
  readonly log: Log;
  /** 0: nobody is watched. */
  readonly freezeAfterMs: number;
  readonly runners: () => readonly EdgeRunner[];
  readonly relays: WatchedRelays;
  /** Bytes that relays sent to clients of this edge so far. */
  readonly relayedBytesOf: (edge: string) => number;
  /** Did the private API answer, or its process at least close the connection? Never rejects. */
  readonly showsLife: (apiPort: number, pid: number) => Promise<boolean>;
  readonly excuseOf: (pid: number) => Promise<Excuse | null>;
}

interface Question {
  readonly pid: number;
  askedAt: number;
  pending: boolean;
  answered: boolean;
}

/**
 * Looks at edges and relay processes four times a second, asks the edges that say nothing by themselves, and has a frozen
 * one killed.
 */
export class FreezeWatcher {
  readonly #deps: FreezeWatchDeps;
  readonly #limits: FreezeLimits;
  readonly #questions = new Map<string, Question>();
  #watch = NOTHING_WATCHED;
  #stopped = false;
  #cancel: () => void = () => undefined;

  constructor(deps: FreezeWatchDeps) {
    this.#deps = deps;
    this.#limits = { freezeAfterMs: deps.freezeAfterMs, roundMs: ROUND_MS, lateMs: LATE_MS };
  }

  start(): void {
    if (this.#deps.freezeAfterMs === 0) return;
    const round = async () => {
      await this.#look();
      if (!this.#stopped) this.#cancel = this.#deps.timers.after(ROUND_MS, () => void round());
    };
    void round();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  /** Its private API was seen to answer somebody else's question: it need not be asked by us as well. */
  sawAnswer(name: string, pid: number): void {
    const question = this.#questionTo(name, pid);
    question.answered = true;
    question.askedAt = this.#deps.timers.monotonic();
  }

  async #look(): Promise<void> {
    const { timers } = this.#deps;
    const excuses = new Map<number, Excuse | null>();
    const silent = new Set(suspectsOf(this.#watch, timers.monotonic(), this.#limits));
    await Promise.all(
      [...this.#serving(), ...this.#deps.relays.up()].map(async ({ name, pid }) => {
        if (silent.has(name)) excuses.set(pid, await this.#deps.excuseOf(pid));
      }),
    );
    // Afterwards: what took long up to here counts as our own lateness.
    const at = timers.monotonic();
    const serving = this.#serving();
    const edges = serving.map(({ runner, name, pid }) => this.#observe(runner, name, pid, excuses.get(pid) ?? null));
    const relays = this.#deps.relays.up().map(({ name, pid, heard }): EdgeObservation => {
      return { name, pid, answered: false, beats: heard, bytes: 0, excuse: excuses.get(pid) ?? null };
    });
    const { watch, verdict } = judgeFreeze(this.#watch, { at, edges: [...edges, ...relays] }, this.#limits);
    this.#watch = watch;
    for (const name of this.#questions.keys()) if (!watch.edges.has(name)) this.#questions.delete(name);
    for (const { runner, name, pid } of serving) {
      const aliveAt = watch.edges.get(name)?.aliveAt ?? Number.NEGATIVE_INFINITY;
      if (at - aliveAt >= ASK_AFTER_SILENCE_MS) this.#ask(runner, name, pid, at);
    }
    if (verdict.type === 'alarm') {
      const { names } = verdict;
      this.#deps.log.error(
        { processes: names },
        'several processes are silent at once: the machine is suspected, none is killed',
      );
    } else if (verdict.type === 'frozen') {
      const isIt = ({ name, pid }: { name: string; pid: number }) => name === verdict.name && pid === verdict.pid;
      const why = `frozen: no answer, no bytes and no beat for ${verdict.silentMs} ms`;
      serving.find(isIt)?.runner.unhealthy(why);
      if (relays.some(isIt)) this.#deps.relays.kill(verdict.name, why);
    }
  }

  /** Those that shall serve; one that starts or stops has a deadline of its own. */
  #serving() {
    return this.#deps.runners().flatMap((runner) => {
      const { name, process, state } = runner;
      return process !== null && (state === 'ready' || state === 'draining')
        ? [{ runner, name, pid: process.pid }]
        : [];
    });
  }

  #observe(runner: EdgeRunner, name: string, pid: number, excuse: Excuse | null): EdgeObservation {
    const question = this.#questionTo(name, pid);
    const { answered } = question;
    question.answered = false;
    const { beat } = runner;
    const bytes = this.#deps.relayedBytesOf(name) + (beat === null ? 0 : beat.sentBytes + beat.receivedBytes);
    return { name, pid, answered, beats: runner.beats, bytes, excuse };
  }

  #ask(runner: EdgeRunner, name: string, pid: number, at: number): void {
    const question = this.#questionTo(name, pid);
    if (question.pending || at - question.askedAt < ASK_EVERY_MS) return;
    question.askedAt = at;
    question.pending = true;
    void this.#deps.showsLife(runner.edge.ports.api, pid).then((alive) => {
      question.pending = false;
      question.answered ||= alive;
    });
  }

  #questionTo(name: string, pid: number): Question {
    const known = this.#questions.get(name);
    if (known?.pid === pid) return known;
    const question = { pid, askedAt: Number.NEGATIVE_INFINITY, pending: false, answered: false };
    this.#questions.set(name, question);
    return question;
  }
}
