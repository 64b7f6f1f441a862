import { type CopiedMessage, connectBus, copyLog } from '@dolphin/eventlog';
import { silentLogger } from '@dolphin/runtime';
import type { Exported } from '../files/exported.js';
import type { BusPlace } from '../files/find-farm.js';

/** How many messages were written now. Throws what copyLog throws. */
export async function writeImport(
  { url, credentials }: BusPlace,
  { header }: Exported,
  messages: AsyncIterable<CopiedMessage>,
): Promise<number> {
  const bus = await connectBus(url, { name: 'cli import', credentials, logger: silentLogger(), waitForFirst: false });
  try {
    return await copyLog(bus, header, messages);
  } finally {
    await bus.close();
  }
}
