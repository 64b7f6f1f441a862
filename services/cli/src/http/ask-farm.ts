import type { FarmView } from '@dolphin/protocol';
import { isFarmView } from '../domain/farm-view-shape.js';
import type { MasterAnswer, MasterClient } from './master-client.js';
import { READ_TIMEOUT_MS } from './timeouts.js';

/** The farm as a master shows it. Throws as MasterClient does. */
export function askFarm(client: MasterClient): Promise<MasterAnswer<FarmView>> {
  return client.ask({ path: '/api/v1/farm', timeoutMs: READ_TIMEOUT_MS }, readFarm);
}

async function readFarm(json: unknown): Promise<{ value: FarmView } | string> {
  if (isFarmView(json)) return { value: json };
  const { readWith } = await import('./read-with.js');
  const { FarmView } = await import('@dolphin/protocol');
  return readWith(FarmView)(json);
}
