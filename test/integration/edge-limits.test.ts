import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../support/eventually.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { seededRandom } from '../support/random.js';
import { clientsOf, startEdge, streamIsLive, type TestEdge } from './edge-support/edge.js';

function open(t: TestContext, port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  return socket;
}

async function rssKb(edge: TestEdge): Promise<number> {
  const { readFile } = await import('node:fs/promises');
  const status = await readFile(`/proc/${edge.process.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
}

/** True if the kernel probes a silent peer of that connection: timer 2 of /proc/net/tcp. */
function isProbed(serverPort: number, clientPort: number): boolean {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');
  const row = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, remote]) => local?.endsWith(`:${hex(serverPort)}`) && remote?.endsWith(`:${hex(clientPort)}`));
  return row?.[5]?.startsWith('02:') ?? false;
}

describe('an edge with bad clients', { concurrency: 3 }, () => {
  it('plays on while 1,000 random inputs come into each of its ports', async (t) => {
    const source = await sourcePackets(t);
    const edge = await startEdge(t);
    publishFile(t, edge.rtmp('livestream'));
    await streamIsLive(edge, 'livestream');
    const player = startRecording(t, edge.flv('livestream'), { seconds: 8 });
    const random = seededRandom(4711);
    const apiPort = Number(new URL(edge.apiBase).port);
    const starts = ['', '\x03', 'GET /', 'GET /live/livestream.flv HTTP/1.1\r\n', '\xf3\0\x04'];
    const input = () => {
      const bytes = Buffer.alloc(Math.floor(random() * 6000));
      for (let i = 0; i < bytes.length; i++) bytes[i] = random() * 256;
      return Buffer.concat([Buffer.from(starts[Math.floor(random() * starts.length)] ?? '', 'latin1'), bytes]);
    };
    for (let round = 0; round < 40; round++) {
      const batch = [edge.rtmpPort, edge.httpPort, apiPort].flatMap((port) =>
        Array.from({ length: 25 }, () => {
          const socket = open(t, port);
          socket.resume();
          return new Promise<void>((done) => {
            socket.on('close', () => done());
            socket.end(input());
          });
        }),
      );
      await Promise.all(batch);
    }
    const received = await player.done;
    assertContiguousRun(received, source, { minSeconds: 7 });
    await eventually(async () => (await clientsOf(edge)).length === 1, { what: 'only the publisher is left' });
    await edge.process.stop();
    assert.doesNotMatch(edge.process.output(), /a connection failed/, 'all bad input was known to be bad');
  });

  it('has the peers of silent connections probed, so that a host that vanished is found', async (t) => {
    const edge = await startEdge(t);
    for (const port of [edge.rtmpPort, edge.httpPort]) {
      const socket = open(t, port);
      await eventually(() => isProbed(port, socket.localPort ?? 0), { what: `keepalive is on at port ${port}` });
    }
  });

  it('closes those who connect and say nothing', async (t) => {
    const edge = await startEdge(t);
    const silent = [open(t, edge.rtmpPort), open(t, edge.httpPort)];
    const closed = silent.map((socket) => new Promise((done) => socket.once('close', done)));
    for (const socket of silent) socket.resume();
    await Promise.all(closed);
  });

  it('plays on for others, and keeps its memory, while many players read nothing', async (t) => {
    const edge = await startEdge(t, { play: 'queue_length 2; mw_latency 100;' });
    publishFile(t, edge.rtmp('livestream'));
    await streamIsLive(edge, 'livestream');
    const deaf = Array.from({ length: 20 }, () => {
      const socket = open(t, edge.httpPort);
      socket.write('GET /live/livestream.flv HTTP/1.1\r\nHost: x\r\n\r\n');
      socket.pause();
      return socket;
    });
    await eventually(async () => (await clientsOf(edge)).length === 21, { what: 'all play' });
    const good = startRecording(t, edge.flv('livestream'), { seconds: 6 });
    const { video } = await good.done;
    assert.ok(video.length > 100);
    // They fit the kernel's buffers for a minute; what counts is that nothing piles up here.
    assert.ok((await rssKb(edge)) < 200 * 1024);
    for (const socket of deaf) socket.destroy();
    await eventually(async () => (await clientsOf(edge)).length === 1, { what: 'they are gone' });
  });

  it('takes no more than max_connections, and the API answers on', async (t) => {
    const edge = await startEdge(t, { maxConnections: 3 });
    const sockets = Array.from({ length: 5 }, () => open(t, edge.rtmpPort));
    let closed = 0;
    for (const socket of sockets) socket.resume().once('close', () => closed++);
    await eventually(() => closed === 2, { what: 'two are refused' });
    await eventually(async () => (await edge.api.summaries()).data.system.conn_srs === 3, { what: 'three stay' });
  });

  it('answers 404 for what is not there, and does not tell status before media', async (t) => {
    const edge = await startEdge(t);
    const get = async (path: string, method = 'GET') =>
      (await fetch(`http://127.0.0.1:${edge.httpPort}${path}`, { method })).status;
    assert.equal(await get('/live/none.flv'), 404);
    assert.equal(await get('/index.html'), 404);
    assert.equal(await get('/live/none.flv', 'POST'), 405);
    assert.equal(await get('/live/none.flv', 'OPTIONS'), 200);
  });

  it('serves HTTP/1.0 players without chunks', async (t) => {
    const edge = await startEdge(t);
    publishFile(t, edge.rtmp('livestream'));
    await streamIsLive(edge, 'livestream');
    const socket = open(t, edge.httpPort);
    socket.write('GET /live/livestream.flv HTTP/1.0\r\n\r\n');
    let bytes = Buffer.alloc(0);
    socket.on('data', (data) => {
      bytes = Buffer.concat([bytes, data]);
    });
    await eventually(() => bytes.length > 20_000, { what: 'media comes' });
    const end = bytes.indexOf('\r\n\r\n');
    assert.doesNotMatch(bytes.toString('latin1', 0, end), /chunked/i);
    assert.equal(bytes.toString('latin1', end + 4, end + 7), 'FLV');
    assert.equal(bytes[end + 8], 5, 'audio and video');
  });

  it('frees a stream whose publisher sends nothing', async (t) => {
    const edge = await startEdge(t, { vhost: 'publish { firstpkt_timeout 20000; normal_timeout 3000; }' });
    const publisher = publishFile(t, edge.rtmp('half-dead'));
    await streamIsLive(edge, 'half-dead');
    publisher.kill('SIGSTOP');
    await eventually(async () => (await clientsOf(edge)).length === 0, { what: 'it is cut' });
    publisher.kill('SIGCONT');
  });
});
