import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { EdgeMessage } from '@dolphin/protocol';
import {
  encodeProxyHeader,
  SrsClients,
  SrsIndex,
  SrsSelfProcStats,
  SrsStreams,
  SrsSummaries,
  SrsVhosts,
} from '@dolphin/srs';
import { eventually } from '../support/eventually.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { fromRoot } from '../support/paths.js';
import { freePorts } from '../support/ports.js';
import { isAlive, run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { clientsOf, edgeConf, startEdge, streamIsLive } from './edge-support/edge.js';

const binary = fromRoot('bin/dolphin-edge');

async function testConf(t: TestContext, text: string, args: readonly string[] = ['-t']) {
  const conf = join(await tempDir(t), 'edge.conf');
  await writeFile(conf, text);
  return await run(t, binary, ['-c', conf, ...args], { cwd: dirname(conf) });
}

describe('the process of an edge', { concurrency: 3 }, () => {
  it('refuses a conf that restricts access in ways that are not there, with file and line, and exit 255', async (t) => {
    const texts = [
      'listen 1;\nvhost a { security { enabled on;\n  deny play 10.0.0.0/33; } }',
      'listen 1;\nvhost a { security { enabled on;\n  deny everybody; } }',
      'listen 1;\nvhost a { http_hooks { enabled on;\n  on_hls http://h/; } }',
      'listen 1;\nvhost a { refer { enabled on;\n  al github.com; } }',
      'listen 1;\nvhost a { mode remote; origin o;\n  token_traverse yes; }',
      'listen 1;\nhttp_api { enabled on;\n  auth { enabled on; username a; password b; } }',
      'listen 1;\n\nlisten x y {',
    ];
    for (const text of texts) {
      const { code, stderr } = await testConf(t, text);
      assert.equal(code, 255, text);
      assert.match(stderr, /edge\.conf:3: /, text);
    }
  });

  it('accepts a good conf with a word about what has no effect', async (t) => {
    const text =
      'listen 1; vhost a { security { enabled off; } transcode ff { enabled on; } play { what_is_this 1; } }';
    const { code, stderr } = await testConf(t, text);
    assert.equal(code, 0);
    assert.match(stderr, /transcode has no effect here/);
    assert.match(stderr, /what_is_this has no effect here/);
  });

  it('exits 234 with the reason when a port is taken, by another edge too', async (t) => {
    const edge = await startEdge(t);
    const second = await run(t, binary, ['-c', edge.conf], { cwd: await tempDir(t) });
    assert.equal(second.code, 234);
    assert.match(second.stderr, new RegExp(`cannot listen on 127.0.0.1:${edge.rtmpPort}: .*EADDRINUSE`));
    const [rtmp, http, api] = (await freePorts(3)) as [number, number, number];
    const holder = createServer().listen(api, '127.0.0.1');
    t.after(() => holder.close());
    assert.equal((await testConf(t, edgeConf({}, [rtmp, http, api]), [])).code, 234);
  });

  it('ends cleanly at SIGTERM, and never opens a debugger at SIGUSR1', async (t) => {
    const edge = await startEdge(t);
    assert.ok(existsSync(join(edge.dir, 'edge.pid')));
    for (const signal of ['SIGUSR1', 'SIGHUP'] as const) edge.process.kill(signal);
    await edge.process.printed(/reloaded/);
    assert.doesNotMatch(edge.process.output(), /Debugger/);
    const { code } = await edge.process.stop('SIGTERM');
    assert.equal(code, 0);
    assert.equal(existsSync(join(edge.dir, 'edge.pid')), false);
  });

  it('answers its API in SRS’s shapes, with true numbers', async (t) => {
    const edge = await startEdge(t);
    const get = async (path: string) => await (await fetch(edge.apiBase + path)).json();
    publishFile(t, edge.rtmp('livestream'));
    await streamIsLive(edge, 'livestream');
    startRecording(t, edge.flv('livestream'), { seconds: 60 });
    await eventually(async () => (await clientsOf(edge)).some(({ send_bytes = 0 }) => send_bytes > 100_000), {
      what: 'the player is served',
    });
    SrsIndex.parse(await get('/api/v1/'));
    SrsSelfProcStats.parse(await get('/api/v1/self_proc_stats'));
    const summaries = SrsSummaries.parse(await get('/api/v1/summaries'));
    assert.equal(summaries.data.self.pid, edge.process.pid);
    assert.ok(summaries.data.system.srs_send_bytes > 100_000);
    const vhosts = SrsVhosts.parse(await get('/api/v1/vhosts/')).vhosts;
    assert.deepEqual(
      vhosts.map(({ name, clients, streams }) => ({ name, clients, streams })),
      [{ name: '__defaultVhost__', clients: 2, streams: 1 }],
    );
    const [stream] = SrsStreams.parse(await get('/api/v1/streams/')).streams;
    assert.ok(stream);
    assert.deepEqual(
      [stream.name, stream.app, stream.url, stream.clients, stream.publish.active, stream.vhost],
      ['livestream', 'live', '/live/livestream', 2, true, vhosts[0]?.id],
    );
    assert.deepEqual(stream.video, { codec: 'H264', profile: 'Main', level: '3', width: 640, height: 360 });
    assert.deepEqual(stream.audio, { codec: 'AAC', sample_rate: 44100, channel: 2, profile: 'LC' });
    const clients = SrsClients.parse(await get('/api/v1/clients/')).clients;
    assert.deepEqual(clients.map(({ type }) => type).sort(), ['flv-play', 'fmle-publish']);
    assert.equal(stream.publish.cid, clients.find(({ publish }) => publish)?.id);
  });

  it('believes a relay on this host about the address of a client', async (t) => {
    const edge = await startEdge(t);
    publishFile(t, edge.rtmp('livestream'));
    await streamIsLive(edge, 'livestream');
    const relay = createServer((client) => {
      const upstream = connect(edge.rtmpPort, '127.0.0.1');
      for (const socket of [client, upstream]) socket.on('error', () => undefined);
      upstream.write(encodeProxyHeader('192.0.2.7') ?? '');
      client.pipe(upstream).pipe(client);
    });
    t.after(() => relay.close());
    await once(relay.listen(0, '127.0.0.1'), 'listening');
    const { port } = relay.address() as { port: number };
    startRecording(t, `rtmp://127.0.0.1:${port}/live/livestream`, { seconds: 60 });
    const http = connect(edge.httpPort, '127.0.0.1');
    t.after(() => http.destroy());
    http.write('GET /live/livestream.flv HTTP/1.1\r\nX-Real-IP: 192.0.2.8\r\n\r\n');
    await eventually(
      async () => {
        const addresses = (await clientsOf(edge)).filter(({ publish }) => !publish).map(({ ip }) => ip);
        return addresses.sort().join() === '192.0.2.7,192.0.2.8';
      },
      { what: 'the API shows the real addresses' },
    );
  });

  it('cuts the client that DELETE names, and no other', async (t) => {
    const edge = await startEdge(t);
    publishFile(t, edge.rtmp('livestream'));
    await streamIsLive(edge, 'livestream');
    const [kicked, kept] = [edge.rtmp('livestream'), edge.flv('livestream')].map((url) =>
      startRecording(t, url, { seconds: 60 }),
    );
    await eventually(async () => (await clientsOf(edge)).length === 3, { what: 'both play' });
    const client = (await clientsOf(edge)).find(({ type }) => type === 'rtmp-play');
    await edge.api.deleteClient(client?.id ?? '');
    await kicked?.process.ends();
    assert.equal(kept?.process.child.exitCode, null);
  });
});

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

    let id = 0;
    const front = async (protocol: 'rtmp' | 'http') => {
      const server = createServer({ pauseOnConnect: true }, (socket: Socket) =>
        child.send({ type: 'take', id: ++id, protocol }, socket),
      );
      t.after(() => server.close());
      await once(server.listen(0, '127.0.0.1'), 'listening');
      return (server.address() as { port: number }).port;
    };
    const [rtmpFront, httpFront] = [await front('rtmp'), await front('http')];
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
    let id = 0;
    const server = createServer({ pauseOnConnect: true }, (socket) =>
      child.send({ type: 'take', id: ++id, protocol: 'http' }, socket),
    );
    t.after(() => server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as { port: number };
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
    assert.deepEqual(uses, [{ id, stream: '/live/s', use: 'play' }]);
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
    let id = 0;
    const server = createServer({ pauseOnConnect: true }, (socket) =>
      child.send({ type: 'take', id: ++id, protocol: 'rtmp' }, socket),
    );
    t.after(() => server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as { port: number };
    for (let i = 0; i < 3; i++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      t.after(() => socket.destroy());
      await eventually(() => id === i + 1, { what: 'it is handed off' });
    }
    await eventually(() => left.length === 1, { what: 'the third is refused' });
    assert.deepEqual(left, [3]);
  });
});
