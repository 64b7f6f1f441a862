import { type Command, objectOf, stringOf } from './commands.js';
import { hopsOf, isProbe } from './hops.js';
import { MediaError } from './media-error.js';
import { MAX_URL_CHARS, parseTcUrl } from './rtmp-url.js';
import type { ConnectEvent } from './server-events.js';

/** What a connect command says. Throws MediaError: `command` for a tcUrl that is none, `limit` for what is too long. */
export function readConnect(c: Command): ConnectEvent {
  const tcUrl = stringOf(c.object, 'tcUrl') ?? '';
  const url = parseTcUrl(tcUrl);
  const args = objectOf(c.args[0]);
  const optional: { pageUrl?: string; swfUrl?: string; flashVer?: string } = {};
  for (const key of ['pageUrl', 'swfUrl', 'flashVer'] as const) {
    const value = stringOf(c.object, key) ?? '';
    // They are kept for as long as the client stays.
    if (value.length > MAX_URL_CHARS) throw new MediaError('limit', `a ${key} of ${value.length} characters`);
    if (value !== '') optional[key] = value;
  }
  return { type: 'connect', tcUrl, ...url, ...optional, hops: hopsOf(args), isProbe: isProbe(args), args };
}
