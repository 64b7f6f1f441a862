import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { EdgeMessage } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { fromRoot } from '../support/paths.js';
import { freePorts } from '../support/ports.js';
import { isAlive } from '../support/processes.js';
import { openClient } from '../support/raw-client.js';
import { tempDir } from '../support/temp-dir.js';
import { edgeConf, startEdge } from './edge-support/edge.js';

const binary = fromRoot('bin/dolphin-edge');

/** Ports whose connections are handed to the edge, numbered as they come. */
function frontsOf(t: TestContext, child: ChildProcess) {
  const fronts = {
    /** The number of the newest connection. */
    last: 0,
    open: async (protocol: 'rtmp' | 'http'): Promise<number> => {
      const server = createServer({ pauseOnConnect: true }, (socket: Socket) =>
        child.send({ type: 'take', id: ++fronts.last, protocol }, socket),
      );
      t.after(() => server.close());
      await once(server.listen(0, '127.0.0.1'), 'listening');
      return (server.address() as { port: number }).port;
    },
  };
  return fronts;
}

describe('an edge under a pod', { concurrency: true }, () => {
  it('takes sockets, serves them as its own, tells who left, and ends when its pod dies', async (t) => {
    const source = await sourcePackets(t);
    const origin = await startEdge(t);
    publishFile(t, origin.rtmp('livestream'));
    const dir = await tempDir(t);
    const [rtmp, http, api] = (await freePorts(3)) as [number, number, number];
    const conf = join(dir, 'edge.conf');
    await writeFile(conf, edgeConf({ origins: [origin.address] }, [rtmp, http, api]));
    const child = spawn(binary, ['-c', conf], { cwd: dir, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    t.after(() => child.kill('SIGKILL'));
    const messages: EdgeMessage[] = [];
    child.on('message', (message) => messages.push(EdgeMessage.parse(message)));
    await eventually(() => messages[0]?.type === 'hello', { what: 'it says hello, first' });
    assert.deepEqual(messages[0], { ...messages[0], type: 'hello', takes: ['rtmp', 'http'] });

    const fronts = frontsOf(t, child);
    const [rtmpFront, httpFront] = [await fronts.open('rtmp'), await fronts.open('http')];
    const recordings = [
      startRecording(t, `rtmp://127.0.0.1:${rtmpFront}/live/livestream`, { seconds: 4 }),
      startRecording(t, `http://127.0.0.1:${httpFront}/live/livestream.flv`, { seconds: 4 }),
    ];
    for (const { done } of recordings) assertContiguousRun(await done, source, { minSeconds: 3 });
    const idsOf = (type: 'took' | 'left') =>
      messages.flatMap((m) =>
        m.type === type ? (m.type === 'took' ? [m.id] : m.type === 'left' ? m.clients.map((c) => c.id) : []) : [],
      );
    await eventually(() => idsOf('left').length === 2, { what: 'both have left' });
    assert.deepEqual(idsOf('took').sort(), [1, 2]);
    const uses = () => messages.flatMap((m) => (m.type === 'uses' ? m.clients : []));
    const play = { stream: '/live/livestream', use: 'play' };
    assert.deepEqual(
      uses().sort((a, b) => a.id - b.id),
      [
        { id: 1, ...play },
        { id: 2, ...play },
      ],
    );
    const left = () => messages.flatMap((m) => (m.type === 'left' ? m.clients : []));
    assert.ok(left().every(({ end, sentBytes }) => end === 'client-left' && sentBytes > 50_000));
    await eventually(() => messages.some((m) => m.type === 'beat' && m.clients === 0 && m.sentBytes > 100_000), {
      what: 'a beat tells the bytes',
    });

    const waiting = connect(rtmpFront, '127.0.0.1');
    t.after(() => waiting.destroy());
    waiting.on('error', () => undefined);
    await eventually(() => idsOf('took').length === 3, { what: 'one more is taken' });
    child.send({ type: 'count', ask: 7, ids: [1, 3] });
    const counts = { type: 'counts', ask: 7, clients: [{ id: 3, sentBytes: 0, receivedBytes: 0 }] };
    await eventually(() => messages.some((m) => isDeepStrictEqual(m, counts)), { what: 'it counts who is there' });
    const kicked = connect(rtmpFront, '127.0.0.1');
    t.after(() => kicked.destroy());
    await eventually(() => idsOf('took').length === 4, { what: 'another one is taken' });
    child.send({ type: 'close', ids: [1, 4], why: 'kicked' });
    await eventually(() => left().find(({ id }) => id === 4)?.end === 'kicked', { what: 'that one is kicked' });
    assert.equal(left().length, 3, 'the other one stays');
    child.disconnect();
    await eventually(() => child.pid !== undefined && !isAlive(child.pid), { what: 'it ends with its pod' });
    // A process is gone before its parent has been told of it.
    await eventually(() => child.exitCode !== null || child.signalCode !== null, { what: 'its end is known' });
    assert.equal(child.exitCode, 0);
  });

  it('tells of each connection of a viewer over HLS which stream it gets, and of none that gets nothing', async (t) => {
    const dir = await tempDir(t);
    const [rtmp, http, api] = (await freePorts(3)) as [number, number, number];
    const conf = join(dir, 'edge.conf');
    await writeFile(conf, edgeConf({ vhost: 'hls { enabled on; hls_fragment 1; }' }, [rtmp, http, api]));
    const child = spawn(binary, ['-c', conf], { cwd: dir, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    t.after(() => child.kill('SIGKILL'));
    const messages: EdgeMessage[] = [];
    child.on('message', (message) => messages.push(EdgeMessage.parse(message)));
    await eventually(() => messages.length > 0, { what: 'it says hello' });
    const fronts = frontsOf(t, child);
    const port = await fronts.open('http');
    publishFile(t, `rtmp://127.0.0.1:${rtmp}/live/s`, { loop: true });
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { headers: { Connection: 'close' } });
    assert.equal((await get('/live/none.m3u8')).status, 404);
    await eventually(async () => (await get('/live/s.m3u8')).status === 200, { what: 'it is there over HLS' });
    const uses = await eventually(
      () => {
        const told = messages.flatMap((m) => (m.type === 'uses' ? m.clients : []));
        return told.length > 0 && told;
      },
      { what: 'its stream is told' },
    );
    assert.deepEqual(uses, [{ id: fronts.last, stream: '/live/s', use: 'play' }]);
  });

  it('keeps no HTTP connection once its pod says so, and keeps them again when it says that', async (t) => {
    const dir = await tempDir(t);
    const ports = (await freePorts(3)) as [number, number, number];
    const conf = join(dir, 'edge.conf');
    await writeFile(conf, edgeConf({}, ports));
    const child = spawn(binary, ['-c', conf], { cwd: dir, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    t.after(() => child.kill('SIGKILL'));
    let ready = false;
    child.on('message', () => {
      ready = true;
    });
    await eventually(() => ready, { what: 'it says hello' });
    const ask = 'GET /live/none.m3u8 HTTP/1.1\r\nHost: h\r\n\r\n';
    const asked = async (answer: RegExp) => {
      const client = await openClient(t, ports[1]);
      client.say(ask);
      await client.hears(answer);
      return client;
    };
    const kept = await asked(/Connection: Keep-Alive/);
    child.send({ type: 'keep', on: false });
    await kept.isClosed();
    await (await asked(/Connection: Close/)).isClosed();
    child.send({ type: 'keep', on: true });
    await eventually(
      async () => {
        const client = await openClient(t, ports[1]);
        client.say(ask);
        await client.hears(/Connection/);
        return /Keep-Alive/.test(client.text());
      },
      { what: 'it keeps connections again' },
    );
  });

  it('serves at most its max_connections of handed-off clients', async (t) => {
    const dir = await tempDir(t);
    const [rtmp, http, api] = (await freePorts(3)) as [number, number, number];
    const conf = join(dir, 'edge.conf');
    await writeFile(conf, edgeConf({ maxConnections: 2 }, [rtmp, http, api]));
    const child = spawn(binary, ['-c', conf], { cwd: dir, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    t.after(() => child.kill('SIGKILL'));
    const left: number[] = [];
    let ready = false;
    child.on('message', (message) => {
      const parsed = EdgeMessage.parse(message);
      if (parsed.type === 'hello') ready = true;
      if (parsed.type === 'left') left.push(...parsed.clients.map((client) => client.id));
    });
    await eventually(() => ready, { what: 'it says hello' });
    const fronts = frontsOf(t, child);
    const port = await fronts.open('rtmp');
    for (let i = 0; i < 3; i++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      t.after(() => socket.destroy());
      await eventually(() => fronts.last === i + 1, { what: 'it is handed off' });
    }
    await eventually(() => left.length === 1, { what: 'the third is refused' });
    assert.deepEqual(left, [3]);
  });
});
