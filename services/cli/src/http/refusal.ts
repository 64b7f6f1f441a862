import type { IncomingMessage } from 'node:http';
import { DolphinError } from '@dolphin/protocol/plain.js';
import { refusalIn } from './master-client.js';

/** Of an error; a larger one is none. */
const MAX_ERROR_CHARS = 64 * 1024;

/** What an answer that is not 200 says: the master's own error, or E_UNREACHABLE for one that is not a master's. Never throws. */
export async function refusalOf(response: IncomingMessage, address: string): Promise<DolphinError> {
  const why = `HTTP ${response.statusCode}, not from a master`;
  return refusalIn(await jsonOf(response)) ?? new DolphinError('E_UNREACHABLE', { what: 'the master', address, why });
}

async function jsonOf(response: IncomingMessage): Promise<unknown> {
  let all = '';
  try {
    for await (const text of response.setEncoding('utf8')) {
      all += text;
      if (all.length > MAX_ERROR_CHARS) return null;
    }
    return JSON.parse(all);
  } catch {
    return null;
  }
}
