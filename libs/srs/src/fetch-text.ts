import { request } from 'node:http';

export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/**
 * One HTTP request on a connection of its own: a kept one counts against max_connections, and outlives an edge that is
 * started again on its port. Node's plain client, not fetch: a pod asks sixteen edges a second, and fetch took half of all
 * that an idle pod used. The text of an answer that is not 200 is not read. Throws TimeoutError when there is no whole
 * answer in time, TooLargeError, and the socket's errors (`code` ECONNREFUSED, ECONNRESET, …).
 */
export function fetchText(
  url: string,
  method: string,
  timeoutMs: number,
  maxBytes: number,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      clearTimeout(timer);
      asked.destroy();
      reject(error);
    };
    const asked = request(url, { method, agent: false, headers: { connection: 'close' } }, (response) => {
      const status = response.statusCode ?? 0;
      const chunks: Buffer[] = [];
      let bytes = 0;
      const finish = () => {
        clearTimeout(timer);
        resolve({ status, text: Buffer.concat(chunks).toString('utf8') });
        asked.destroy();
      };
      if (status !== 200) return finish();
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes) fail(new TooLargeError(`the answer is larger than ${maxBytes} bytes`));
        else chunks.push(chunk);
      });
      response.on('end', finish);
      response.on('error', fail);
    });
    asked.on('error', fail);
    const timer = setTimeout(() => fail(new TimeoutError(`no answer within ${timeoutMs} ms`)), timeoutMs);
    asked.end();
  });
}
