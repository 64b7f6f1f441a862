import type { Terminal } from '../terminal.js';
import { endProcess } from './end-process.js';
import { Keeper } from './keeper.js';
import { askPodToStop, runningPod } from './leftovers.js';
import type { Places } from './places.js';
import type { Part } from './programs.js';
import { type PartName, type RunRecordFile, STOP_ORDER } from './run-record.js';

/** The programs of one `up`: started in any order, stopped in one. */
export class Parts {
  readonly #keepers = new Map<PartName, Keeper>();
  readonly #record: RunRecordFile;
  readonly #places: Places;
  readonly #terminal: Terminal;

  constructor(record: RunRecordFile, places: Places, terminal: Terminal) {
    this.#record = record;
    this.#places = places;
    this.#terminal = terminal;
  }

  /** Resolves when the part is ready. */
  async launch(name: Exclude<PartName, 'pod'>, part: Part): Promise<void> {
    const keeper = new Keeper({
      title: part.title,
      program: part.program,
      ready: part.ready,
      onPid: (id) => this.#record.set(name, id),
      tell: (text) => this.#terminal.happened(text),
    });
    this.#keepers.set(name, keeper);
    await keeper.start();
  }

  /** The worker starts the pod; `up` only remembers which one it is. */
  async notePod(): Promise<void> {
    const pod = await runningPod(this.#places);
    if (pod) this.#record.set('pod', pod);
  }

  /** Never rejects. Resolves with the names of what was stopped. */
  async stopAll(hurry: AbortSignal): Promise<PartName[]> {
    const stopped: PartName[] = [];
    for (const name of STOP_ORDER) {
      const had = name === 'pod' ? await this.#stopPod(hurry) : await this.#stopKeeper(name, hurry);
      if (had) stopped.push(name);
    }
    return stopped;
  }

  async #stopKeeper(name: PartName, hurry: AbortSignal): Promise<boolean> {
    const keeper = this.#keepers.get(name);
    await keeper?.stop(hurry);
    return keeper !== undefined;
  }

  async #stopPod(hurry: AbortSignal): Promise<boolean> {
    const pod = (await runningPod(this.#places)) ?? this.#record.get('pod');
    if (!pod) return false;
    const outcome = await endProcess(pod, { ask: () => askPodToStop(this.#places), hurry });
    if (outcome === 'killed' && !hurry.aborted) this.#terminal.happened('the pod had to be killed');
    this.#record.set('pod', null);
    return outcome !== 'gone';
  }
}
