import { type Checkpoint, checkpointOf, type LogItem, type LogStore } from './log-store.js';
import type { Projection } from './projection.js';

export interface ProjectOptions {
  store: LogStore;
  projection: Projection;
  signal: AbortSignal;
  /** What a snapshot brought, already folded; null: start from the first entry. */
  from: Checkpoint | null;
  /** Folds one item. Must not throw: nothing would be applied any more. */
  apply: (item: LogItem, checkpoint: Checkpoint) => void;
  /** The history was replaced: forget everything; entries come again from the first. */
  rewind: (why: string) => void;
}

/** Feeds a fold from the log until `signal` aborts; rebuilds it when the log turns out to be another. Never throws. */
export async function project(options: ProjectOptions): Promise<void> {
  const { store, projection, signal } = options;
  let from = options.from;
  if (from) projection.advance(from.sequence);
  while (!signal.aborted) {
    const where = from ? { after: from.sequence, checkpoint: from } : { after: 0 };
    for await (const item of store.follow({ ...where, signal })) {
      if (item.type === 'rewound') {
        from = null;
        projection.rewind();
        options.rewind(item.why);
        break;
      }
      from = checkpointOf(item);
      options.apply(item, from);
      projection.advance(item.sequence);
    }
  }
}
