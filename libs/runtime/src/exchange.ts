import { request } from 'node:http';

export interface Exchange {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Of a unix socket, in place of the address in the URL. */
  readonly socketPath?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the whole of it. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** `refused`: nobody listens. `late`: no whole answer in time. `too-large`: more than may be. `broken`: all else. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly kind: 'refused' | 'late' | 'too-large' | 'broken';

  constructor(kind: ExchangeError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/**
 * One HTTP request on a connection of its own: a kept one counts against an SRS's max_connections, and outlives an edge that is
 * started again on its port. Throws ExchangeError, whose cause is the socket's. Not `fetch`: loading that takes longer than all
 * that `status` does, and for a pod that asks sixteen edges it took half of all that an idle pod used.
 */
export function exchange(url: string, o: Exchange): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const { body } = o;
    // Of a DELETE with a body Node does not say by itself where that ends.
    const ofBody =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const headers = { ...ofBody, ...o.headers };
    const sent = request(
      url,
      { method: o.method ?? 'GET', agent: false, headers, ...(o.socketPath && { socketPath: o.socketPath }) },
      (response) => {
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > o.maxBytes) fail(new ExchangeError('too-large', `the answer is larger than ${o.maxBytes} bytes`));
          else chunks.push(chunk);
        });
        response.on('error', (error) => fail(new ExchangeError('broken', error.message, { cause: error })));
        response.on('end', () => {
          clearTimeout(timer);
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
        });
      },
    );
    const fail = (error: ExchangeError) => {
      clearTimeout(timer);
      sent.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new ExchangeError('late', `no answer within ${o.timeoutMs} ms`)), o.timeoutMs);
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const why = error.message || (error.code ?? 'no reason given');
      fail(new ExchangeError(error.code === 'ECONNREFUSED' ? 'refused' : 'broken', why, { cause: error }));
    });
    sent.end(body);
  });
}
