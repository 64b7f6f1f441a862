import { type IncomingMessage, request } from 'node:http';
import { DolphinError } from '@dolphin/protocol/plain.js';
import { refusalOf } from './refusal.js';

/** A master that says nothing for so long is gone. */
const SILENCE_MS = 15_000;

/**
 * A long answer of a master, as it comes. Throws the master's own error, and E_UNREACHABLE for one that does not answer; bytes
 * that end early are for the caller to find out.
 */
export async function download(
  address: string,
  path: string,
  token: string | null,
): Promise<AsyncIterable<Uint8Array>> {
  const url = address.replace(/\/+$/, '') + path;
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, { agent: false, headers, timeout: SILENCE_MS }, resolve);
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${SILENCE_MS} ms`)));
    sent.on('error', (cause) =>
      reject(new DolphinError('E_UNREACHABLE', { what: 'the master', address, why: cause.message }, { cause })),
    );
    sent.end();
  });
  if (response.statusCode !== 200) throw await refusalOf(response, address);
  return untilBroken(response);
}

/** One that breaks off ends. */
async function* untilBroken(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* response as AsyncIterable<Uint8Array>;
  } catch {
    // What came is not whole, and says so by having no end.
  }
}
