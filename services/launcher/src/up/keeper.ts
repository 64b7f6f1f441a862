import type { ChildProcess } from 'node:child_process';
import { systemClock } from '@dolphin/runtime';
import { whyHopeless } from '../domain/exit-codes.js';
import { lastWords } from '../domain/last-words.js';
import { afterDeath, NO_FAILURES, type RestartState } from '../domain/restart-policy.js';
import { lastLines, sizeOf } from '../process/log-files.js';
import { identify, type ProcessId } from '../process/proc.js';
import { type Program, spawnChild } from '../process/spawn-child.js';
import { endProcess } from './end-process.js';

/** A program that dies this often before it was ready once will not get better by waiting. */
const MAX_FAILED_STARTS = 3;
const READY_POLL_MS = 15;
/** Of a log, to find the last one that says something: a stack has ten frames. */
const LAST_LINES = 20;
/** Before a ready program counts as frozen at its start: nats-server with a large store takes seconds. */
export const READY_DEADLINE_MS = 30_000;

export interface KeeperOptions {
  /** As it is shown: `nats-server`. */
  readonly title: string;
  readonly program: Program;
  /** Resolves true when it serves. Throwing counts as not yet. */
  readonly ready: () => Promise<boolean>;
  readonly onPid: (id: ProcessId | null) => void;
  /** Something that the person at the terminal should know. */
  readonly tell: (text: string) => void;
  /** It will not be started again: it never was ready, or it ended in a way that no restart mends. */
  readonly onGivenUp: (failure: Error) => void;
}

interface Ending {
  /** null: by a signal, or it did not start at all. */
  readonly code: number | null;
  /** As it is shown: `SIGKILL`, `exit code 1`. */
  readonly how: string;
}

/** Starts one program, and again when it dies. */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #stopping = new AbortController();
  #child: ChildProcess | null = null;
  #id: ProcessId | null = null;
  #restarts: RestartState = NO_FAILURES;
  #failedStarts = 0;
  #wasReady = false;
  #failure: Error | null = null;
  #loop: Promise<void> | null = null;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Resolves when it is ready for the first time. */
  async start(): Promise<void> {
    this.#loop = this.#keep();
    const end = performance.now() + READY_DEADLINE_MS;
    while (!this.#wasReady) {
      if (this.#failure) throw this.#failure;
      if (this.#stopping.signal.aborted) throw new Error(`${this.#options.title} was stopped before it was ready`);
      if (performance.now() >= end) throw this.#problem(`is not ready after ${READY_DEADLINE_MS / 1000} s`);
      if (this.#id && (await isReady(this.#options.ready))) this.#wasReady = true;
      else await systemClock.sleep(READY_POLL_MS, this.#stopping.signal);
    }
  }

  async stop(hurry: AbortSignal): Promise<void> {
    this.#stopping.abort();
    const id = this.#id;
    if (id) {
      const outcome = await endProcess(id, { hurry });
      if (outcome === 'killed' && !hurry.aborted) this.#options.tell(`${this.#options.title} had to be killed`);
      if (outcome === 'stuck') this.#options.tell(`${this.#options.title} (pid ${id.pid}) cannot be killed`);
    }
    await this.#loop;
    this.#options.onPid(null);
  }

  async #keep(): Promise<void> {
    const { title, tell, onPid, program } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const startedAt = performance.now();
      const logStart = sizeOf(program.logFile);
      const { code, how } = await this.#run();
      if (this.#stopping.signal.aborted) return;
      onPid(null);
      const hopeless = whyHopeless(code);
      if (hopeless !== null) return this.#giveUp(`ended with ${how}: ${hopeless}, and no restart mends that`);
      if (!this.#wasReady && ++this.#failedStarts >= MAX_FAILED_STARTS) return this.#giveUp(`does not start: ${how}`);
      const { state, delayMs } = afterDeath(this.#restarts, performance.now() - startedAt, Math.random());
      this.#restarts = state;
      const words = lastWords(lastLines(program.logFile, LAST_LINES, logStart));
      const last = words === null ? '' : `; it said last: ${words}`;
      tell(`${title} died (${how}), starts again in ${(delayMs / 1000).toFixed(1)} s${last}`);
      await systemClock.sleep(delayMs, this.#stopping.signal);
    }
  }

  #giveUp(what: string): void {
    this.#failure = this.#problem(what);
    this.#options.onGivenUp(this.#failure);
  }

  /** One life; resolves with how it ended. */
  #run(): Promise<Ending> {
    return new Promise((resolve) => {
      const again = this.#wasReady;
      const child = spawnChild(this.#options.program);
      this.#child = child;
      child.once('error', (error) => {
        this.#id = null;
        resolve({ code: null, how: error.message });
      });
      child.once('exit', (code, signal) => {
        if (this.#child === child) this.#id = null;
        resolve({ code, how: signal ?? `exit code ${code}` });
      });
      const id = child.pid === undefined ? null : identify(child.pid);
      this.#id = id;
      if (!id) return;
      this.#options.onPid(id);
      if (again) void this.#tellWhenBack(child, id);
    });
  }

  async #tellWhenBack(child: ChildProcess, id: ProcessId): Promise<void> {
    const alive = () => this.#child === child && this.#id === id && !this.#stopping.signal.aborted;
    const end = performance.now() + READY_DEADLINE_MS;
    while (alive() && performance.now() < end) {
      if (await isReady(this.#options.ready)) {
        if (alive()) this.#options.tell(`${this.#options.title} is back, pid ${id.pid}`);
        return;
      }
      await systemClock.sleep(100, this.#stopping.signal);
    }
  }

  #problem(what: string): Error {
    const { title, program } = this.#options;
    const tail = lastLines(program.logFile, 5).map((line) => `\n    ${line}`);
    return new Error(`${title} ${what}; the end of ${program.logFile}:${tail.join('') || ' (empty)'}`);
  }
}

async function isReady(look: () => Promise<boolean>): Promise<boolean> {
  try {
    return await look();
  } catch {
    return false;
  }
}
