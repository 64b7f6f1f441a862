import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * An edge without media, run as a process of its own: a private API, and a line for each client that says who serves it and
 * what it thinks of the client; then it echoes. `-t` and `-v` are answered before it is started: `fakeBinary`.
 *
 * FAKE_EDGE: `hand-off` (default) says hello and takes sockets; `relay` does not; `deaf` takes the first 3 only; `shut` is relayed
 * to and listens on its API only, until it gets a SIGUSR2; `late` makes the file FAKE_EDGE_GATE, and is as `hand-off` when somebody has removed it;
 * `dies` ends as soon as it is started; `grows` takes 300 MB of memory; `slow` takes 300 sockets a second at most.
 *
 * A client can make it misbehave, by a line: `spin` (an endless loop), `mute-api` (its API answers nothing), `close-api` (its
 * API closes), `flow` (it sends a line ten times a second), `print TEXT`, and `flood` (it prints all it can).
 */
const behaviour = process.env['FAKE_EDGE'] ?? 'hand-off';
const relayed = behaviour === 'relay' || behaviour === 'shut';
const argv = process.argv.slice(2);
const conf = readFileSync(argv[argv.indexOf('-c') + 1] ?? '', 'utf8');
if (behaviour === 'dies') process.exit(3);
/** One is on its way at a time: so long for each. */
const SLOW_MS = 3;
/** Touched, or it would not be resident; held, or it would be collected. */
const held = behaviour === 'grows' ? [Buffer.alloc(300 * 1024 * 1024, 1)] : [];
process.on('beforeExit', () => held.pop());
process.on('SIGUSR1', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));

const gate = process.env['FAKE_EDGE_GATE'] ?? '';
if (behaviour === 'late') {
  writeFileSync(gate, '');
  while (existsSync(gate)) await wait(5);
}

const port = (block: string) =>
  Number(new RegExp(`${block}\\s*\\{[^}]*?listen\\s+127\\.0\\.0\\.1:(\\d+)`).exec(conf)?.[1]);
const rtmp = Number(/^\s*listen\s+127\.0\.0\.1:(\d+)/m.exec(conf)?.[1]);
const http = port('http_server');
const api = port('http_api');
const name = /server_id\s+(\S+?);/.exec(conf)?.[1] ?? '?';

let takes = 0;
const taken = new Map<number, Socket>();
const closing = new Map<number, string>();
let apiIs: 'open' | 'mute' | 'closed' = 'open';
const obey = (line: string, socket: Socket) => {
  if (line === 'spin') for (;;);
  if (line === 'mute-api') apiIs = 'mute';
  if (line === 'close-api') apiIs = 'closed';
  if (line === 'flow') setInterval(() => socket.write('flow\n'), 100);
  if (line.startsWith('print ')) process.stdout.write(`${line.slice(6)}\n`);
  if (line === 'flood') setInterval(() => process.stdout.write(FLOOD));
};
const FLOOD = `${'flood '.repeat(170)}\n`.repeat(256);
const serve = (socket: Socket, how: string, id: number | null) => {
  socket.on('error', () => undefined);
  socket.write(`${how} ${name} ${process.pid}\n`);
  socket.on('data', (chunk) => {
    socket.write(chunk);
    for (const line of chunk.toString('latin1').split('\n')) obey(line, socket);
  });
  socket.on('close', () => {
    if (id === null) return;
    const bytes = { sentBytes: socket.bytesWritten, receivedBytes: socket.bytesRead };
    process.send?.({ type: 'left', clients: [{ id, end: closing.get(id) ?? 'client-left', ...bytes }] });
    taken.delete(id);
    closing.delete(id);
  });
};
process.on('message', async (message, handle) => {
  const asked = message as {
    type: string;
    id: number;
    ids: number[];
    why: string;
    ask: number;
    head?: string;
    address?: string;
  };
  if (asked.type === 'close') {
    for (const id of asked.ids) {
      closing.set(id, asked.why);
      taken.get(id)?.destroy();
    }
    return;
  }
  if (asked.type === 'count') {
    const clients = asked.ids.flatMap((id) => {
      const socket = taken.get(id);
      return socket ? [{ id, sentBytes: socket.bytesWritten, receivedBytes: socket.bytesRead }] : [];
    });
    process.send?.({ type: 'counts', ask: asked.ask, clients });
    return;
  }
  if (asked.type !== 'take') return;
  takes += 1;
  if (behaviour === 'deaf' && takes > 3) return;
  if (behaviour === 'slow') await wait(SLOW_MS);
  process.send?.({ type: 'took', id: asked.id });
  if (!(handle instanceof Socket)) return;
  taken.set(asked.id, handle);
  if (asked.head !== undefined) handle.unshift(Buffer.from(asked.head, 'base64'));
  serve(handle, 'hand-off', asked.id);
  if (asked.address !== undefined) handle.write(`from ${asked.address}\n`);
});

const listen = (server: { listen(port: number, host: string, done: () => void): unknown }, on: number) =>
  new Promise<void>((resolve) => server.listen(on, '127.0.0.1', resolve));
const relayServer = () => createServer((socket) => serve(socket, 'relay', null));
if (behaviour !== 'shut') await listen(relayServer(), rtmp);
else process.on('SIGUSR2', () => void listen(relayServer(), rtmp));
if (http > 0) await listen(relayServer(), http);
if (!relayed) process.send?.({ type: 'hello', takes: ['rtmp', 'http'], version: '0.1.0' });
const answer = { code: 0, server: 'fake', pid: String(process.pid) };
const data = { major: 5, minor: 0, revision: 216, version: '5.0.216' };
await listen(
  createHttpServer((request, response) => {
    if (apiIs === 'open') response.end(JSON.stringify({ ...answer, data }));
    else if (apiIs === 'closed') request.socket.destroy();
  }),
  api,
);
