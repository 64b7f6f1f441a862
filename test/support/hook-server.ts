import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onCleanup, type TestScope } from './cleanup.js';

export interface HookCall {
  /** The first part of its path. */
  readonly name: string;
  readonly body: Record<string, unknown>;
  readonly text: string;
  readonly contentType: string;
}

export interface HookServer {
  /** A hook that is answered by `answer`, and listed under `name`. */
  url(name: string, answer: HookReply): string;
  readonly calls: readonly HookCall[];
  of(name: string): readonly HookCall[];
  /** Answers the calls of `late` hooks that wait. */
  release(body: string): void;
  readonly waiting: number;
}

/** `late`: when the test says so. `cut`: the connection is closed without an answer. */
export type HookReply = '0' | '1' | 'code0' | 'code1' | '500' | 'garbage' | 'empty' | 'cut' | 'late';

/** A server for http_hooks that keeps what it was sent. */
export async function hookServer(t: TestScope): Promise<HookServer> {
  const calls: HookCall[] = [];
  const late: ServerResponse[] = [];
  const server = createServer((request, response) => {
    const [, name = '', reply = ''] = (request.url ?? '').split('/');
    let text = '';
    request.on('data', (part: Buffer) => {
      text += part.toString();
    });
    request.on('end', () => {
      calls.push({ name, body: JSON.parse(text), text, contentType: request.headers['content-type'] ?? '' });
      if (reply === 'late') late.push(response);
      else if (reply === 'cut') response.destroy();
      else response.writeHead(reply === '500' ? 500 : 200).end(BODIES[reply] ?? reply);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onCleanup(t, () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: (name, answer) => `http://127.0.0.1:${port}/${name}/${answer}`,
    calls,
    of: (name) => calls.filter((call) => call.name === name),
    release: (body) => {
      for (const response of late.splice(0)) response.end(body);
    },
    get waiting() {
      return late.length;
    },
  };
}

const BODIES: Readonly<Record<string, string>> = {
  code0: '{"code": 0, "data": "as you like"}',
  code1: '{"code": 1}',
  '500': '0',
  garbage: '<html>{"code":0}',
  empty: '',
};
