import { DolphinError } from '@dolphin/protocol/plain.js';
import type { ExportAsked } from '../export-command.js';
import { writeExport } from '../files/export-file.js';
import type { Exported } from '../files/exported.js';
import { download } from '../http/download.js';
import { printJson, printLines } from './output.js';

/** Takes the whole log of a farm from the first master that has it. Throws DolphinError. */
export async function exportLog(
  from: { readonly apis: readonly string[]; readonly token: string | null },
  o: ExportAsked & { readonly json: boolean },
): Promise<number> {
  const { header, end } = await firstOf(from.apis, async (address) =>
    writeExport(o.to, address, await download(address, '/api/v1/export', from.token)),
  );
  const { farm, farmId, lastSequence } = header;
  const { messages, sha256 } = end;
  if (o.json) printJson({ schema: 'dolphin.exported/1', file: o.to, farm, farmId, lastSequence, messages, sha256 });
  else printLines([`farm ${farm}, ${messages} messages up to sequence ${lastSequence}: ${o.to}`]);
  return 0;
}

async function firstOf(addresses: readonly string[], work: (address: string) => Promise<Exported>): Promise<Exported> {
  let failure: unknown = new DolphinError('E_UNREACHABLE', { what: 'a master', address: '-', why: 'none is named' });
  for (const address of addresses) {
    try {
      return await work(address);
    } catch (error) {
      if (!(error instanceof DolphinError) || error.code !== 'E_UNREACHABLE') throw error;
      failure = error;
    }
  }
  throw failure;
}
