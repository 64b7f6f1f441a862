import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { PostHook } from '../app/hook-calls.js';
import type { HookAnswer } from '../domain/hook-message.js';

/** A longer answer is none: `0` and `{"code":0}` are what is asked for. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Calls hooks over HTTP; each call has a connection of its own, so that none meets one that its server just closed. */
export const postHook: PostHook = (url, body, onAnswer) => {
  let isOver = false;
  let request: ClientRequest | null = null;
  const answer = (what: HookAnswer) => {
    if (isOver) return;
    isOver = true;
    onAnswer(what);
    request?.destroy();
  };
  const begin = (send: typeof httpRequest) => {
    if (isOver) return;
    const bytes = Buffer.from(body);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': bytes.length };
    request = send(url, { method: 'POST', agent: false, headers }, (response) => readBody(response, answer));
    request.on('error', (error) => answer({ failed: error.message }));
    request.end(bytes);
  };
  const fail = (error: Error) => answer({ failed: error.message });
  if (url.startsWith('https:')) {
    // Loaded when somebody needs it: an edge must start fast.
    import('node:https').then(({ request: send }) => begin(send)).catch(fail);
  } else begin(httpRequest);
  return () => {
    isOver = true;
    request?.destroy();
  };
};

function readBody(response: IncomingMessage, answer: (what: HookAnswer) => void): void {
  const parts: Buffer[] = [];
  let bytes = 0;
  response.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes > MAX_ANSWER_BYTES) answer({ failed: `an answer of more than ${MAX_ANSWER_BYTES} bytes` });
    else parts.push(part);
  });
  response.on('end', () => answer({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }));
  response.on('error', (error) => answer({ failed: error.message }));
  response.on('close', () => answer({ failed: 'the answer was cut off' }));
}
