import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { DEFAULT_RELAY_LIMITS } from '@dolphin/pod/relay/relay-limits.js';
import { RelaySession } from '@dolphin/pod/relay/relay-session.js';
import type { LeftClient } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { fromRoot } from '../support/paths.js';
import { startEdge } from './edge-support/edge.js';
import { publishRaw } from './edge-support/raw-publisher.js';
import { whenEnded } from './pod-support/sessions.js';
import { startPod } from './pod-support/test-pod.js';

async function listen(t: TestContext, onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** A relayed client of an edge that does this with its connections. */
async function relayed(t: TestContext, o: { edge: (socket: Socket) => void; protocol?: 'rtmp' | 'http' }) {
  const edge = await listen(t, o.edge);
  const left: LeftClient[] = [];
  const sessions: RelaySession[] = [];
  const limits = { ...DEFAULT_RELAY_LIMITS, headMs: 500, stallMs: 400, lingerMs: 200 };
  const targets = [{ edge: 'stream-0', host: '127.0.0.1', port: edge, proxyHeader: false }];
  const port = await listen(t, (socket) => {
    const session = new RelaySession({ id: 7, protocol: o.protocol ?? 'rtmp' }, socket, limits, {
      onRouted: () => undefined,
      onConnectFailed: () => undefined,
      onLeft: (client) => left.push(client),
    });
    sessions.push(session);
    void session.run(Promise.resolve({ targets }));
  });
  const client = connect(port, '127.0.0.1');
  client.on('error', () => undefined);
  t.after(() => client.destroy());
  await once(client, 'connect');
  const end = async () => {
    const gone = await eventually(() => left[0], { what: 'it has ended' });
    assert.equal(left.length, 1);
    return gone;
  };
  return { client, end, session: () => eventually(() => sessions[0], { what: 'it is taken' }) };
}

const echo = (socket: Socket) => {
  socket.resume();
  socket.pipe(socket);
};

describe('a relayed session ends', () => {
  it('as slow when the client takes nothing of what it is given', async (t) => {
    const flood = (socket: Socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(1 << 20)));
      };
      socket.on('drain', more).resume();
      more();
    };
    const { client, end } = await relayed(t, { edge: flood });
    client.pause();
    client.write('\x03');
    assert.equal((await end()).end, 'slow');
  });

  it('as left when the client goes, with its bytes', async (t) => {
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const { client, end } = await relayed(t, { edge: echo });
      client.write('\x03hello');
      await once(client, 'data');
      client[leave]();
      assert.deepEqual(await end(), { id: 7, end: 'client-left', sentBytes: 6, receivedBytes: 6 });
    }
  });

  it('as closed by the edge when that hangs up first', async (t) => {
    const { client, end } = await relayed(t, { edge: (socket) => socket.resume().end('bye') });
    client.write('\x03');
    assert.equal((await end()).end, 'edge-closed');
  });

  it('as what the pod says when that closes it, at any stage', async (t) => {
    const early = await relayed(t, { edge: echo });
    (await early.session()).close('drained');
    assert.equal((await early.end()).end, 'drained');
    const late = await relayed(t, { edge: echo });
    late.client.write('\x03');
    await once(late.client, 'data');
    (await late.session()).close('limit');
    assert.equal((await late.end()).end, 'limit');
  });

  it('as an error when it says nothing, or nothing that can be understood', async (t) => {
    assert.equal((await (await relayed(t, { edge: echo })).end()).end, 'error');
    const { client, end } = await relayed(t, { edge: echo, protocol: 'http' });
    client.write('nonsense\r\n\r\n');
    client.resume();
    assert.equal((await end()).end, 'error');
  });
});

it('a handed-off session ends as slow when its player reads nothing', async (t) => {
  const origin = await startEdge(t);
  await publishRaw(t, origin.rtmp('fat'), { frameBytes: 100_000, fps: 200 });
  const pod = await startPod(t, { engines: () => [`builtin=${fromRoot('bin/dolphin-edge')}`] });
  writeFileSync(join(pod.dir, 'dolphin.conf'), 'vhost __defaultVhost__ { play { queue_length 1; } }\n');
  await pod.command({ type: 'spawn', edge: await pod.edge(0, { engine: 'builtin', origins: [origin.address] }) });
  await eventually(async () => (await pod.state()).edges[0]?.state === 'ready', {
    what: 'it is ready',
    deadlineMs: 30_000,
  });
  const player = connect(pod.http, '127.0.0.1');
  player.on('error', () => undefined);
  t.after(() => player.destroy());
  player.write('GET /live/fat.flv HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(player, 'data');
  player.pause();
  const [ended] = await whenEnded(pod, 1);
  assert.deepEqual([ended?.end, ended?.stream, ended?.use], ['slow', '/live/fat', 'play']);
});
