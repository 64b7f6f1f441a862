import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { edgeName } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { endsOf, sessionsOf, whenEnded } from './pod-support/sessions.js';
import { connectClient, fakeBinary, startPod, type TestPod } from './pod-support/test-pod.js';

const engines = (dir: string) => [
  `fake=${fakeBinary(dir)}`,
  `relayed=${fakeBinary(dir, 'relay')}`,
  `dies=${fakeBinary(dir, 'dies')}`,
];
const relayedOnly = (dir: string) => [`relayed=${fakeBinary(dir, 'relay')}`, `dies=${fakeBinary(dir, 'dies')}`];
const request = (path: string, line = 'GET') => `${line} ${path} HTTP/1.1\r\nHost: any\r\n\r\n`;
const HLS = request('/live/a.m3u8');

async function spawnHttp(pod: TestPod, engine: string): Promise<void> {
  await pod.command({ type: 'spawn', edge: { ...(await pod.edge(0, { engine })), role: 'http' } });
}

function isReady(pod: TestPod, name: string): Promise<true> {
  return eventually(
    async () => (await pod.state()).edges.some((edge) => edgeName(edge) === name && edge.state === 'ready'),
    { what: `${name} is ready`, deadlineMs: 30_000 },
  );
}

/** Which edge serves a client of the public HTTP port that says this, and how. */
async function servedBy(t: TestContext, pod: TestPod, first: string): Promise<string> {
  const client = await connectClient(t, pod.http, first);
  const { how, edge } = await client.served();
  return `${edge.replace('dolphin-h1-', '')} ${how}`;
}

describe('an http edge of a pod that accepts by itself', () => {
  it('gets what asks for HLS, however that comes; FLV and RTMP go to stream edges', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(1, 'fake');
    assert.equal(await servedBy(t, pod, ''), 'stream-0 hand-off', 'without one nothing is read of a client');
    await spawnHttp(pod, 'fake');
    await isReady(pod, 'http-0');
    const hls = [HLS, request('/live/a-12.ts?token=1'), request('http://x/live/a%2Em3u8', 'HEAD')];
    const others = [request('/live/a.m3u8', 'OPTIONS'), 'GET /live/a.ts HTTP/1.0\r\n\r\n'];
    for (const first of [...hls, ...others]) assert.equal(await servedBy(t, pod, first), 'http-0 hand-off', first);
    for (const path of ['/live/a.flv', '/live/a.flv?x=a.m3u8', '/', '/live/a.ts/b']) {
      assert.equal(await servedBy(t, pod, request(path)), 'stream-0 hand-off', path);
    }
    const rtmp = await connectClient(t, pod.rtmp);
    assert.equal((await rtmp.served()).edge, 'dolphin-h1-stream-0');
    const slow = await connectClient(t, pod.http, '');
    for (const byte of HLS) slow.socket.write(byte);
    assert.equal((await slow.served()).edge, 'dolphin-h1-http-0');
    const both = `${HLS}${request('/live/a.flv')}`;
    const pipelined = await connectClient(t, pod.http, both);
    await eventually(() => pipelined.text().includes(both), { what: 'what was read came along, and all of it' });
    assert.match(pipelined.text(), /^hand-off dolphin-h1-http-0 /);
    const bad = await connectClient(t, pod.http, 'GET\r\n\r\n');
    await bad.closed;
    assert.match(bad.text(), /^HTTP\/1\.1 400 /);
  });

  it('has sessions that are kicked, drains, and leaves what asks for HLS to the stream edges when it is gone', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(1, 'fake');
    await spawnHttp(pod, 'relayed');
    await isReady(pod, 'http-0');
    const [kicked, stays] = [await connectClient(t, pod.http, HLS), await connectClient(t, pod.http, HLS)];
    for (const one of [kicked, stays])
      assert.equal((await one.served()).how, 'relay', 'by an engine that is relayed to');
    const [first] = await eventually(
      async () => {
        const { sessions } = await sessionsOf(pod, '&edge=http-0');
        return sessions.length === 2 && sessions.every(({ stream }) => stream === '/live/a') && sessions;
      },
      { what: 'both are sessions of it, with their stream' },
    );
    await pod.call('DELETE', `/v1/sessions/${first?.id}`);
    assert.equal((await pod.call('POST', '/v1/edges/http-0/drain?deadlineMs=600000')).status, 202);
    assert.deepEqual(endsOf(await whenEnded(pod, 1)), { kicked: 1 });
    for (const one of [kicked, stays]) one.socket.destroy();
    await eventually(async () => !(await pod.state()).edges.some(({ role }) => role === 'http'), {
      what: 'it is gone',
    });
    assert.equal(await servedBy(t, pod, HLS), 'stream-0 hand-off');
    assert.equal(await servedBy(t, pod, ''), 'stream-0 hand-off', 'nothing is read any more');
  });

  it('is not replaced by a stream edge while it is not ready: what asks for HLS is to come again', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(1, 'fake');
    await spawnHttp(pod, 'dies');
    const client = await connectClient(t, pod.http, HLS);
    await client.closed;
    assert.match(client.text(), /^HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n/);
    assert.equal(await servedBy(t, pod, request('/live/a.flv')), 'stream-0 hand-off');
    const { edges } = await pod.state();
    assert.deepEqual(
      edges.map(({ transport }) => transport),
      ['hand-off', 'relay'],
    );
  });
});

describe('an http edge behind relay processes that accept for themselves', () => {
  it('gets what asks for HLS, by the head that they read anyway', async (t) => {
    const pod = await startPod(t, { engines: relayedOnly, mode: 'relay', relays: 2 });
    await pod.spawn(1, 'relayed');
    await spawnHttp(pod, 'dies');
    const refused = await connectClient(t, pod.http, HLS);
    await refused.closed;
    assert.match(refused.text(), /^HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n/);
    const generation = 2;
    const edge = { ...(await pod.edge(0, { engine: 'relayed', generation })), role: 'http' as const };
    await pod.command({ type: 'spawn', edge });
    await isReady(pod, 'http-0');
    for (const path of ['/live/a.m3u8', '/live/a-1.ts']) {
      assert.equal(await servedBy(t, pod, request(path)), 'http-0 relay', path);
    }
    assert.equal(await servedBy(t, pod, request('/live/a.flv')), 'stream-0 relay');
    const counted = async () => {
      const rows = (await pod.state()).edges;
      return Object.fromEntries(rows.map((row) => [edgeName(row), row.clients]));
    };
    await eventually(async () => JSON.stringify(await counted()) === '{"stream-0":1,"http-0":2}', {
      what: 'each is counted where it is',
    });
    assert.match(
      (await pod.state()).edges.find(({ role }) => role === 'http')?.shortcoming ?? '',
      /an SRS has HLS only/,
    );
  });
});
