import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { SrsApi } from '@dolphin/srs';
import { eventually } from '../support/eventually.js';
import { publishFile, startRecording } from '../support/media.js';
import { PROXY_LOCAL, proxyV2 } from '../support/proxy-v2.js';
import { startEdge, streamIsLive } from './edge-support/edge.js';
import { connectClient, fakeBinary, startPod } from './pod-support/test-pod.js';

const engines = (dir: string) => [`fake=${fakeBinary(dir)}`, `relayed=${fakeBinary(dir, 'relay')}`];
const believed = 'proxyProtocol: { from: [127.0.0.0/8] }';
const latin1 = (...parts: (Buffer | string)[]) =>
  parts.map((part) => (typeof part === 'string' ? part : part.toString('latin1'))).join('');

/** A front that puts a PROXY header with this address before what its clients say. */
async function front(t: TestContext, port: number, address: string): Promise<number> {
  const server = createServer((client) => {
    const pod = connect({ port, host: '127.0.0.1' });
    t.after(() => [client, pod].forEach((socket) => void socket.destroy()));
    pod.write(proxyV2(address));
    for (const socket of [client, pod]) socket.on('error', () => undefined);
    client.pipe(pod).pipe(client);
  });
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

describe('clients behind a front', () => {
  it('are known by their own address to the edge that gets them, and lose no byte', async (t) => {
    const pod = await startPod(t, { engines, config: believed });
    await pod.spawn(2, 'fake');
    const said = Buffer.from(Array.from({ length: 6000 }, (_, i) => (i % 251) + 1)).toString('latin1');
    const whole = await connectClient(t, pod.rtmp, latin1(proxyV2('10.1.2.3'), said));
    const v6 = await connectClient(t, pod.rtmp, latin1(proxyV2('2001:db8::7'), said));
    const health = await connectClient(t, pod.rtmp, latin1(PROXY_LOCAL, said));
    const slow = await connectClient(t, pod.rtmp, '');
    for (const byte of latin1(proxyV2('10.9.9.9', { tlvs: Buffer.alloc(20) }), said)) {
      slow.socket.write(byte, 'latin1');
      await new Promise((resume) => setImmediate(resume));
    }
    const seen = async (client: typeof whole) => {
      await eventually(() => client.text().endsWith(said), { what: 'all is echoed' });
      const { edge, pid } = await client.served();
      return client.text().slice(`hand-off ${edge} ${pid}\n`.length, -said.length);
    };
    assert.deepEqual(await Promise.all([whole, v6, health, slow].map(seen)), [
      'from 10.1.2.3\n',
      'from 2001:db8::7\n',
      '',
      'from 10.9.9.9\n',
    ]);
    for (const { socket } of [whole, v6, health, slow]) socket.end();
    await eventually(async () => (await pod.state()).clients === 0, { what: 'all are forgotten' });
  });

  it('are counted while their header is read', async (t) => {
    const pod = await startPod(t, { engines, config: believed });
    const isRead = async () => {
      await connectClient(t, pod.rtmp, '');
      return (await pod.state()).reading > 0;
    };
    await eventually(isRead, { what: 'a silent one is counted' });
    const metrics = async () => (await pod.ask('GET', '/metrics')).bytes.toString();
    await eventually(async () => /^dolphin_pod_reading 0$/m.test(await metrics()), { what: 'none is left' });
  });

  it('are told to a relayed edge: by F3 for RTMP over IPv4, by X-Real-IP for HTTP', async (t) => {
    const pod = await startPod(t, { engines, config: believed });
    await pod.spawn(1, 'relayed');
    const rtmp = await connectClient(t, pod.rtmp, latin1(proxyV2('10.1.2.3'), '\x03hello'));
    await eventually(() => rtmp.text().endsWith('\n\xf3\x00\x04\x0a\x01\x02\x03\x03hello'), { what: 'F3 comes first' });
    const request = 'GET /live/a.flv HTTP/1.1\r\nX-Real-IP: 6.6.6.6\r\n\r\n';
    for (const address of ['10.1.2.3', '2001:db8::7']) {
      const http = await connectClient(t, pod.http, latin1(proxyV2(address), request));
      await eventually(() => http.text().includes(`X-Real-IP: ${address}\r\n`), { what: 'its address comes' });
      assert.ok(!http.text().includes('6.6.6.6'));
    }
  });

  it('are refused and counted without a whole header that can be read', async (t) => {
    const pod = await startPod(t, { engines, config: believed });
    await pod.spawn(1, 'fake');
    const silent = await connectClient(t, pod.rtmp, '');
    const half = await connectClient(t, pod.rtmp, latin1(proxyV2('10.1.2.3').subarray(0, 20)));
    const bad = [
      '\x03hello',
      'PROXY TCP4 10.1.2.3 10.0.0.1 1 2\r\n',
      latin1(proxyV2('10.1.2.3', { tlvs: Buffer.alloc(600) })),
      latin1(PROXY_LOCAL, 'x'.repeat(16 * 1024 + 1)),
    ];
    const refused = await Promise.all(bad.map((first) => connectClient(t, pod.rtmp, first)));
    const cut = await connectClient(t, pod.rtmp, latin1(proxyV2('10.1.2.3').subarray(0, 20)));
    cut.socket.end();
    await Promise.all([...refused, cut].map(({ closed }) => closed));
    const http = await connectClient(t, pod.http, 'GET / HTTP/1.1\r\n\r\n');
    await http.closed;
    assert.match(http.text(), /^HTTP\/1\.1 400 /);
    await eventually(() => silent.isClosed() && half.isClosed(), {
      what: 'who says nothing is cut',
      deadlineMs: 20_000,
    });
    for (const client of [...refused, cut, silent, half]) assert.equal(client.text(), '');
    const state = await pod.state();
    const counts = { 'proxy-header-bad': 4, 'unasked-bytes': 1, 'first-words-late': 2 };
    assert.deepEqual([state.refused, state.clients], [counts, 0]);
  });

  it('are believed from the configured blocks only: elsewhere a header is what the client says', async (t) => {
    const pod = await startPod(t, { engines, config: 'proxyProtocol: { from: [10.0.0.0/8, "::1"] }' });
    await pod.spawn(1, 'fake');
    const header = latin1(proxyV2('10.1.2.3'));
    const client = await connectClient(t, pod.rtmp, header);
    await eventually(() => client.text().endsWith(`\n${header}`), { what: 'the edge gets the header itself' });
    assert.ok(!client.text().includes('from 10.1.2.3'));
  });
});

describe('a stream of a real edge, behind a front and by stream', () => {
  for (const mode of ['auto', 'relay']) {
    it(`plays from one edge, which knows the viewers (${mode})`, async (t) => {
      const origin = await startEdge(t);
      publishFile(t, origin.rtmp('livestream'), { loop: true });
      await streamIsLive(origin, 'livestream');
      const pod = await startPod(t, {
        engines: () => [],
        mode,
        config: `${believed}\nbalance: { httpByStream: on }`,
        conf: 'vhost __defaultVhost__ { http_remux { enabled on; mount [vhost]/[app]/[stream].flv; } }\n',
      });
      const edges = await Promise.all(
        [0, 1].map((slot) => pod.edge(slot, { engine: 'builtin', origins: [origin.address] })),
      );
      for (const edge of edges) await pod.command({ type: 'spawn', edge });
      await eventually(async () => (await pod.state()).edges.every((edge) => edge.state === 'ready'), {
        what: 'both are ready',
        deadlineMs: 30_000,
      });
      const viaFront = await front(t, pod.http, '10.1.2.3');
      const url = `http://127.0.0.1:${viaFront}/live/livestream.flv`;
      const players = [1, 2].map(() => startRecording(t, url, { seconds: 4 }));
      const seen = await eventually(
        async () => {
          const lists = edges.map((edge) => new SrsApi(`http://127.0.0.1:${edge.ports.api}`).clients());
          const ips = (await Promise.all(lists)).map(({ clients }) => clients.map(({ ip }) => ip));
          return ips.flat().length === 2 && ips;
        },
        { what: 'both players are on an edge', deadlineMs: 20_000 },
      );
      assert.deepEqual(
        seen.filter((ips) => ips.length > 0),
        [['10.1.2.3', '10.1.2.3']],
      );
      for (const { done } of players) {
        const { code, video, stderr } = await done;
        assert.ok(code === 0 && video.length > 0, stderr);
      }
    });
  }
});
