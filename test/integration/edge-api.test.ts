import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, it } from 'node:test';
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
import { publishFile, startRecording } from '../support/media.js';
import { clientsOf, startEdge, streamIsLive } from './edge-support/edge.js';

describe('the API of an edge', { concurrency: true }, () => {
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
