import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestScope } from './cleanup.js';
import { eventually } from './eventually.js';

export interface RawClient {
  readonly socket: Socket;
  /** All that it heard. */
  bytes(): Buffer;
  text(): string;
  say(words: string): void;
  /** Waits for it. */
  hears(pattern: RegExp): Promise<unknown>;
  isClosed(): Promise<unknown>;
}

/** A client that says what it is told to, and keeps what it hears. */
export async function openClient(t: TestScope, port: number): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  const heard: Buffer[] = [];
  let closed = false;
  socket.on('data', (data: Buffer) => heard.push(data));
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed = true;
  });
  await once(socket, 'connect');
  const bytes = () => Buffer.concat(heard);
  const text = () => bytes().toString('latin1');
  return {
    socket,
    bytes,
    text,
    say: (words: string) => void socket.write(words),
    hears: (pattern: RegExp) => eventually(() => pattern.test(text()), { what: `it hears ${pattern}` }),
    isClosed: () => eventually(() => closed, { what: 'it is closed' }),
  };
}
