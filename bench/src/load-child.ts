import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Child, OTHER_CORE, startChild } from './child.js';
import type { LoadOptions, LoadResult } from './load.js';
import type { FromLoad, ToLoad } from './load-process.js';

/** A load in a process of its own; on the core of the others, unless told otherwise. */
export class LoadChild {
  readonly #child: Child;

  constructor(core: number | null = OTHER_CORE) {
    const file = fileURLToPath(new URL('load-process.js', import.meta.url));
    this.#child = startChild(core, process.execPath, [file], { ipc: true });
  }

  async start(options: LoadOptions): Promise<{ afterMs: number }> {
    const answer = await this.#ask({ type: 'start', options });
    if (answer.type === 'failed') throw new Error(answer.why);
    if (answer.type !== 'started') throw new Error(`the load says ${answer.type}`);
    return answer;
  }

  startChurn(): void {
    this.#child.process.send({ type: 'churn' } satisfies ToLoad);
  }

  mark(): void {
    this.#child.process.send({ type: 'mark' } satisfies ToLoad);
  }

  async measure(): Promise<LoadResult> {
    const answer = await this.#ask({ type: 'measure' });
    if (answer.type !== 'measured') throw new Error(`the load says ${answer.type}`);
    return answer.result;
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  async #ask(message: ToLoad): Promise<FromLoad> {
    const { process } = this.#child;
    const over = new AbortController();
    const exited = once(process, 'exit', { signal: over.signal }).then(() => {
      throw new Error(`the load ended: ${this.#child.output()}`);
    });
    const answered = once(process, 'message', { signal: over.signal }).then(([answer]) => answer as FromLoad);
    process.send(message);
    try {
      return await Promise.race([answered, exited]);
    } finally {
      over.abort();
      exited.catch(() => undefined);
      answered.catch(() => undefined);
    }
  }
}
