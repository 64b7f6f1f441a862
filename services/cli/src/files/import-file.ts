import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ExportedMessage } from '@dolphin/protocol';
import { DolphinError } from '@dolphin/protocol/plain.js';
import { type Exported, readExport } from './exported.js';

/** Reads an export once, to its checksum: nothing is written of one that is not whole. Throws E_CONFIG. */
export async function checkExport(path: string): Promise<Exported> {
  const broken = (why: string) => new DolphinError('E_CONFIG', { where: path, why });
  try {
    return await readExport(createReadStream(path), broken, async () => undefined);
  } catch (cause) {
    if (cause instanceof DolphinError) throw cause;
    throw broken(cause instanceof Error ? cause.message : String(cause));
  }
}

/** The messages of an export that was checked, one after the other. Throws E_CONFIG for one of a later version. */
export async function* messagesOf(path: string, { end }: Exported): AsyncGenerator<ExportedMessage> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    // Between the header and the end.
    if (line === 1 || line > end.messages + 1) continue;
    const message = ExportedMessage.safeParse(JSON.parse(text));
    if (message.success) {
      yield message.data;
      continue;
    }
    const why = `line ${line} is no message of this version: ${message.error.issues[0]?.message}`;
    throw new DolphinError('E_CONFIG', { where: path, why });
  }
}
