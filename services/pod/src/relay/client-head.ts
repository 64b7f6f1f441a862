import type { Socket } from 'node:net';
import type { ClientEnd, ClientProtocol } from '@dolphin/protocol';
import { refusal, rewriteHead } from '../domain/http-head.js';
import { startReading } from '../process/socket-reading.js';

export type ClientHead =
  | {
      readonly type: 'head';
      /** What the edge is sent first. */
      readonly forward: Buffer;
      /** What it may be sent of the client after that, in bytes. */
      readonly bodyBytes: number;
    }
  /** The client left, or is refused with these words. */
  | { readonly type: 'none'; readonly answer: Buffer | null; readonly end: ClientEnd };

/** The first byte of the RTMP proxy header: only a relay may send one. */
const PROXY_HEADER = 0xf3;

/**
 * Reads what the client says first, before any edge is troubled: one chunk of RTMP, or the head of an HTTP request.
 * The socket is paused afterwards.
 */
export function readClientHead(
  client: Socket,
  protocol: ClientProtocol,
  o: { address: string; headMs: number },
): Promise<ClientHead> {
  return new Promise((resolve) => {
    if (client.destroyed) {
      resolve({ type: 'none', answer: null, end: 'client-left' });
      return;
    }
    let received: Buffer = Buffer.alloc(0);
    const finish = (head: ClientHead) => {
      clearTimeout(timer);
      client.off('data', onData);
      client.off('end', onGone);
      client.off('close', onGone);
      client.pause();
      resolve(head);
    };
    const onGone = () => finish({ type: 'none', answer: null, end: 'client-left' });
    const onData = (chunk: Buffer) => {
      if (protocol === 'rtmp') {
        finish(
          chunk[0] === PROXY_HEADER
            ? { type: 'none', answer: null, end: 'error' }
            : { type: 'head', forward: chunk, bodyBytes: Number.POSITIVE_INFINITY },
        );
        return;
      }
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const result = rewriteHead(received, o.address);
      if (result.type === 'more') return;
      if (result.type === 'bad') {
        finish({ type: 'none', answer: refusal(result.status, 'E_BAD_REQUEST', result.why), end: 'error' });
        return;
      }
      const body = received.subarray(result.bytes, result.bytes + result.bodyBytes);
      const forward = body.length === 0 ? result.forward : Buffer.concat([result.forward, body]);
      finish({ type: 'head', forward, bodyBytes: result.bodyBytes - body.length });
    };
    const timer = setTimeout(() => {
      const late = protocol === 'http' ? refusal(408, 'E_BAD_REQUEST', 'no whole request in time') : null;
      finish({ type: 'none', answer: late, end: 'error' });
    }, o.headMs);
    client.on('data', onData);
    client.on('end', onGone);
    client.on('close', onGone);
    startReading(client);
  });
}
