import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DolphinError, FarmId, FarmName } from '@dolphin/protocol';
import { writeFileAtomic } from '@dolphin/runtime';
import { z } from 'zod';
import type { FarmFile } from '../app/ports.js';

const Content = z.object({ v: z.literal(1), farm: FarmName, farmId: FarmId });
const MAX_BYTES = 4096;

/** STATE_DIR/farm.json: which farm this master belongs to, so that it never takes another's log for its own. */
export class DiskFarmFile implements FarmFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** null: no farm yet. Throws E_CONFIG for a file that is there and cannot be read: guessing would be worse. */
  async read(): Promise<{ farm: string; farmId: string } | null> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw this.#refused(error instanceof Error ? error.message : String(error), error);
    }
    try {
      if (text.length > MAX_BYTES) throw new RangeError(`larger than ${MAX_BYTES} bytes`);
      const { farm, farmId } = Content.parse(JSON.parse(text));
      return { farm, farmId };
    } catch (error) {
      throw this.#refused(
        'it does not say which farm this is; put it back, or remove it to learn it from the log',
        error,
      );
    }
  }

  async write({ farm, farmId }: { farm: string; farmId: string }): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    await writeFileAtomic(this.path, `${JSON.stringify({ v: 1, farm, farmId })}\n`);
  }

  #refused(why: string, cause: unknown): DolphinError {
    return new DolphinError('E_CONFIG', { where: this.path, why }, { cause });
  }
}
