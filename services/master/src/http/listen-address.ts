import { DolphinError, isLoopback } from '@dolphin/protocol';

/**
 * `127.0.0.1:33330`, `[::1]:33330`, `localhost:33330`; any other address with tokens: without them, whoever reaches the port
 * steers the farm. Throws E_CONFIG.
 */
export function parseListen(text: string, hasTokens: boolean): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port >= 0 && port <= 65535)) {
    throw new DolphinError('E_CONFIG', { where: 'listen', why: `${JSON.stringify(text)} is not ADDRESS:PORT` });
  }
  if (!hasTokens && !isLoopback(host)) {
    throw new DolphinError('E_CONFIG', { where: 'listen', why: `${host} is no loopback address, which needs tokens` });
  }
  return { host, port };
}

/**
 * Does a request's Host header name this machine? A web page whose name was made to lead here has its own name there, and
 * must not steer the farm with its visitor's browser. A client that sends none is no browser.
 */
export function isLocalHost(header: string | undefined): boolean {
  if (header === undefined) return true;
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(header);
  return isLoopback((match?.[1] ?? match?.[2] ?? '').toLowerCase());
}
