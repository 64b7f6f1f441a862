import { isAlive, type ProcessId } from '../process/proc.js';
import type { Terminal } from '../terminal.js';
import { endProcess } from './end-process.js';
import { Keeper } from './keeper.js';
import { askPodToStop, runningPod } from './leftovers.js';
import type { Places } from './places.js';
import type { Part } from './programs.js';
import { type PartName, type RunRecordFile, STOP_ORDER } from './run-record.js';

/** A farm serves without it, so its end ends nobody else's. */
const isOptional = (name: PartName) => name === 'redis';

/** The programs of one `up`: started in any order, stopped in one. */
export class Parts {
  readonly #keepers = new Map<PartName, Keeper>();
  readonly #record: RunRecordFile;
  readonly #places: Places;
  readonly #terminal: Terminal;
  readonly #onGivenUp: (failure: Error) => void;
  #isStopping = false;

  /** `onGivenUp`: a part ended, or did not start, in a way that no restart mends. */
  constructor(record: RunRecordFile, places: Places, terminal: Terminal, onGivenUp: (failure: Error) => void) {
    this.#record = record;
    this.#places = places;
    this.#terminal = terminal;
    this.#onGivenUp = onGivenUp;
  }

  /** Resolves when the part is ready. */
  async launch(name: Exclude<PartName, 'pod'>, part: Part): Promise<void> {
    // A start that another part's failure has overtaken.
    if (this.#isStopping) throw new Error(`${part.title} is not started any more`);
    const keeper = new Keeper({
      title: part.title,
      program: part.program,
      ready: part.ready,
      onPid: (id) => this.#record.set(name, id),
      tell: (text) => this.#terminal.happened(text),
      onGivenUp: isOptional(name) ? (failure) => this.#terminal.happened(failure.message) : this.#onGivenUp,
    });
    this.#keepers.set(name, keeper);
    await keeper.start();
  }

  /** The worker starts the pod; `up` only remembers which one it is. */
  async notePod(): Promise<void> {
    const pod = await runningPod(this.#places);
    if (pod) this.#record.set('pod', pod);
  }

  /** Never rejects. Resolves with the names of what was stopped, and with the pod that was kept. */
  async stopAll(o: { hurry: AbortSignal; keepPod: boolean }): Promise<{ stopped: PartName[]; pod: ProcessId | null }> {
    this.#isStopping = true;
    const stopped: PartName[] = [];
    let pod: ProcessId | null = null;
    for (const name of STOP_ORDER) {
      if (name === 'pod' && o.keepPod) pod = await this.#currentPod();
      else if (name === 'pod' ? await this.#stopPod(o.hurry) : await this.#stopKeeper(name, o.hurry))
        stopped.push(name);
    }
    return { stopped, pod };
  }

  /** By its own word or its place; one that is silent now, as the record knows it. */
  async #currentPod(): Promise<ProcessId | null> {
    const known = this.#record.get('pod');
    return (await runningPod(this.#places)) ?? (known && isAlive(known) ? known : null);
  }

  async #stopKeeper(name: PartName, hurry: AbortSignal): Promise<boolean> {
    const keeper = this.#keepers.get(name);
    await keeper?.stop(hurry);
    return keeper !== undefined;
  }

  async #stopPod(hurry: AbortSignal): Promise<boolean> {
    const pod = await this.#currentPod();
    if (!pod) return false;
    const outcome = await endProcess(pod, { ask: () => askPodToStop(this.#places), hurry });
    if (outcome === 'killed' && !hurry.aborted) this.#terminal.happened('the pod had to be killed');
    this.#record.set('pod', null);
    return outcome !== 'gone';
  }
}
