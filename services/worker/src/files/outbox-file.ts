import { readFile, rename } from 'node:fs/promises';
import { Fact } from '@dolphin/protocol';
import { type Logger, writeFileAtomic } from '@dolphin/runtime';
import { z } from 'zod';
import { MAX_OUTBOX } from '../app/bounds.js';
import type { OutboxFile } from '../app/ports.js';

const Content = z.object({ v: z.literal(1), facts: z.array(Fact).max(MAX_OUTBOX) });
/** 256 facts of at most 3 KB each. */
const MAX_BYTES = 1024 * 1024;

/** RUN_DIR/outbox.json. One that cannot be read is put aside: a few refusals are not worth a host that does not join. */
export class DiskOutbox implements OutboxFile {
  readonly #path: string;
  readonly #logger: Logger;

  constructor(path: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
  }

  async read(): Promise<Fact[]> {
    try {
      const text = await readFile(this.#path, 'utf8');
      if (text.length > MAX_BYTES) throw new RangeError(`larger than ${MAX_BYTES} bytes`);
      return Content.parse(JSON.parse(text)).facts;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      this.#logger.error({ path: this.#path, err: error }, 'the outbox cannot be read, and is put aside');
      await rename(this.#path, `${this.#path}.bad`).catch(() => undefined);
      return [];
    }
  }

  write(facts: readonly Fact[]): Promise<void> {
    return writeFileAtomic(this.#path, `${JSON.stringify({ v: 1, facts })}\n`);
  }
}
