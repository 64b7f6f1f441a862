/** A load in a process of its own, so that it can be pinned to a core; told what to do over IPC (load-child.ts). */
import { Load, type LoadOptions, type LoadResult } from './load.js';
import { PublishLoad } from './publish-load.js';

export type ToLoad =
  | { type: 'start'; options: LoadOptions }
  | { type: 'churn' }
  | { type: 'mark' }
  | { type: 'measure' };
export type FromLoad =
  | { type: 'started'; afterMs: number }
  | { type: 'failed'; why: string }
  | { type: 'measured'; result: LoadResult };

let load: Load | PublishLoad | null = null;
const say = (message: FromLoad) => process.send?.(message);

process.on('message', (message: ToLoad) => {
  switch (message.type) {
    case 'start':
      load = message.options.kind === 'publish' ? new PublishLoad(message.options) : new Load(message.options);
      load.start().then(
        ({ afterMs }) => say({ type: 'started', afterMs }),
        (error: Error) => say({ type: 'failed', why: error.message }),
      );
      break;
    case 'churn':
      if (load instanceof Load) load.startChurn();
      break;
    case 'mark':
      load?.mark();
      break;
    case 'measure':
      if (load !== null) say({ type: 'measured', result: load.measure() });
      break;
  }
});
// The bench is gone: nobody wants the figures any more.
process.on('disconnect', () => process.exit(0));
