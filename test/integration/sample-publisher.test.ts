import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { type RtmpMessage, RtmpServerSession, type ServerEvent } from '@dolphin/media';
import { onCleanup, type TestScope } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { fromRoot, sampleFlv } from '../support/paths.js';
import { freePort } from '../support/ports.js';
import { startProcess } from '../support/processes.js';

const SCRIPT = fromRoot('services/launcher/dist/sample-publisher.js');

interface Seen {
  streams: string[];
  media: RtmpMessage[];
  unpublished: number;
  drop(): void;
}

/** A server that takes whatever is published. */
async function startServer(t: TestScope, port: number): Promise<Seen> {
  const sockets = new Set<Socket>();
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  const seen: Seen = { streams: [], media: [], unpublished: 0, drop };
  const server = createServer((socket) => {
    const session = new RtmpServerSession();
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      for (const event of session.push(data)) take(session, event);
      const output = session.takeOutput();
      if (output !== null) socket.write(output);
    });
  });
  function take(session: RtmpServerSession, event: ServerEvent): void {
    if (event.type === 'connect') session.acceptConnect();
    if (event.type === 'publish') {
      seen.streams.push(event.stream);
      session.acceptPublish();
    }
    if (event.type === 'media') seen.media.push({ ...event.message, payload: Buffer.from(event.message.payload) });
    if (event.type === 'unpublish') seen.unpublished++;
  }
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onCleanup(t, () => {
    drop();
    server.close();
  });
  return seen;
}

test('the sample publisher waits for a server, comes back to it, and says goodbye when it is stopped', async (t) => {
  const port = await freePort();
  const url = `rtmp://127.0.0.1:${port}/live/livestream`;
  const publisher = startProcess(t, process.execPath, [SCRIPT, '--url', url, '--file', sampleFlv]);
  await publisher.printed(/trying again/);
  const seen = await startServer(t, port);
  await eventually(() => seen.media.length > 30, { what: 'media comes' });
  seen.drop();
  await eventually(() => seen.streams.length === 2, { what: 'it comes back' });
  const before = seen.media.length;
  await eventually(() => seen.media.length > before + 30, { what: 'media comes again' });
  const { code, signal } = await publisher.stop('SIGTERM');
  assert.deepEqual([code, signal], [0, null]);
  assert.deepEqual(seen.streams, ['livestream', 'livestream']);
  await eventually(() => seen.unpublished === 1, { what: 'it says goodbye' });
});

test('the sample publisher exits 64 with its usage for wrong flags, 66 for a file that it cannot read', async (t) => {
  const exitOf = async (...args: string[]) => {
    const publisher = startProcess(t, process.execPath, [SCRIPT, ...args]);
    return { code: (await publisher.ends()).code, stderr: publisher.stderr() };
  };
  const [none, unknown, bad, missing] = await Promise.all([
    exitOf(),
    exitOf('--nonsense'),
    exitOf('--url', 'http:/nowhere'),
    exitOf('--url', 'rtmp://127.0.0.1/live/s', '--file', '/nowhere.flv'),
  ]);
  for (const { code, stderr } of [none, unknown, bad]) {
    assert.equal(code, 64);
    assert.match(stderr, /usage: sample-publisher/);
  }
  assert.equal(missing.code, 66);
});
