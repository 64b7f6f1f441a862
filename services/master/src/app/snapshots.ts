import type { SnapshotFile } from '@dolphin/eventlog';
import type { Clock } from '@dolphin/runtime';
import { SNAPSHOT_EVERY_MS } from './bounds.js';
import type { FarmModel } from './farm-model.js';

/** Keeps a copy of the fold on disk, so that the next start folds what is new and not everything. */
export class Snapshots {
  readonly #model: FarmModel;
  readonly #file: Pick<SnapshotFile, 'save'>;
  readonly #clock: Clock;
  #saved = 0;

  constructor(model: FarmModel, file: Pick<SnapshotFile, 'save'>, clock: Clock) {
    this.#model = model;
    this.#file = file;
    this.#clock = clock;
    this.#saved = model.state.sequence;
  }

  /** Until `signal` aborts, and once at the end. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(SNAPSHOT_EVERY_MS, signal);
      await this.save();
    }
  }

  async save(): Promise<void> {
    const { checkpoint, state } = this.#model;
    // What was folded past an entry that this build cannot decode is not worth keeping: the next build may.
    if (!checkpoint || state.unreadable || checkpoint.sequence === this.#saved) return;
    await this.#file.save(checkpoint, state);
    this.#saved = checkpoint.sequence;
  }
}
