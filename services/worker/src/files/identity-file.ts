import { readFile } from 'node:fs/promises';
import { DolphinError, FarmId, HostId } from '@dolphin/protocol';
import { writeFileAtomic } from '@dolphin/runtime';
import { z } from 'zod';
import type { Identity, IdentityFile } from '../app/ports.js';

const Content = z.object({ v: z.literal(1), host: HostId, farmId: FarmId, epoch: z.int().min(0) });
const MAX_BYTES = 4096;

/** RUN_DIR/worker.json: which farm this host belongs to, so that it never obeys another's leader. */
export class DiskIdentity implements IdentityFile {
  readonly #path: string;
  readonly #host: string;

  constructor(path: string, host: string) {
    this.#path = path;
    this.#host = host;
  }

  /** Null: no farm yet. Throws E_CONFIG for a file that cannot be read, E_HOST_MISMATCH for another host's. */
  async read(): Promise<Identity | null> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw this.#refused(error instanceof Error ? error.message : String(error), error);
    }
    let content: z.infer<typeof Content>;
    try {
      if (text.length > MAX_BYTES) throw new RangeError(`larger than ${MAX_BYTES} bytes`);
      content = Content.parse(JSON.parse(text));
    } catch (error) {
      throw this.#refused('it does not say which farm this is; put it back, or remove it to learn it anew', error);
    }
    const { host, farmId, epoch } = content;
    if (host !== this.#host) throw new DolphinError('E_HOST_MISMATCH', { ours: this.#host, theirs: host });
    return { farmId, epoch };
  }

  async write({ farmId, epoch }: Identity): Promise<void> {
    await writeFileAtomic(this.#path, `${JSON.stringify({ v: 1, host: this.#host, farmId, epoch })}\n`);
  }

  #refused(why: string, cause: unknown): DolphinError {
    return new DolphinError('E_CONFIG', { where: this.#path, why }, { cause });
  }
}
