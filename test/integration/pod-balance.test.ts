import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ChoicesPage } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { connectClient, fakeBinary, startPod, type TestPod } from './pod-support/test-pod.js';

const engines = (dir: string) => [
  `fake=${fakeBinary(dir)}`,
  `relayed=${fakeBinary(dir, 'relay')}`,
  `shut=${fakeBinary(dir, 'shut')}`,
];
const flv = (stream: string) => `GET /live/${stream}.flv HTTP/1.1\r\nHost: any\r\n\r\n`;
const choicesOf = async (pod: TestPod, query = 'last=1000') =>
  ChoicesPage.parse((await pod.call('GET', `/v1/choices?${query}`)).body).choices;
const slotOf = (edge: string) => edge.replace('dolphin-h1-', '');

async function served(t: TestContext, port: number, count: number, first?: string): Promise<string[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => connectClient(t, port, first)));
  return await Promise.all(clients.map(async (client) => slotOf((await client.served()).edge)));
}

const isReady = (pod: TestPod, count: number) =>
  eventually(async () => (await pod.state()).edges.filter((edge) => edge.state === 'ready').length === count, {
    what: `${count} edges are ready`,
  });

describe('the choice of an edge', () => {
  it('follows the weights, and can be looked at afterwards', async (t) => {
    const pod = await startPod(t, { engines, config: 'balance: { weights: { stream-0: 2 } }' });
    await pod.spawn(2, 'fake');
    const edges = [];
    for (let i = 0; i < 9; i++) edges.push(...(await served(t, pod.rtmp, 1)));
    assert.equal(edges.filter((edge) => edge === 'stream-0').length, 6);
    const choices = (await choicesOf(pod)).reverse();
    assert.deepEqual(
      choices.map(({ order, edge, n }) => [n, order[0], edge]),
      edges.map((edge, index) => [index + 1, edge, edge]),
    );
    const last = choices.at(-1);
    assert.deepEqual(
      last?.candidates.map(({ edge, weight, clients, verdict }) => ({ edge, weight, clients, verdict })),
      [
        { edge: 'stream-0', weight: 2, clients: edges.slice(0, 8).filter((edge) => edge === 'stream-0').length },
        { edge: 'stream-1', weight: 1, clients: edges.slice(0, 8).filter((edge) => edge === 'stream-1').length },
      ].map((each) => ({ ...each, verdict: 'open' })),
    );
    assert.deepEqual(await choicesOf(pod, `client=${last?.client}`), [last]);
    assert.equal((await choicesOf(pod, 'last=3')).length, 3);
    assert.equal((await pod.call('GET', '/v1/choices?last=x')).status, 400);
  });

  it('tells of a client that no edge took', async (t) => {
    const pod = await startPod(t, { engines });
    await (await connectClient(t, pod.rtmp)).closed;
    const [first] = (await choicesOf(pod, 'client=1')).reverse();
    assert.deepEqual([first?.n, first?.rule, first?.order, first?.edge], [1, 'no-edge', [], null]);
  });

  it('is explained in the log to whoever wants to know', async (t) => {
    const pod = await startPod(t, { engines, env: { DOLPHIN_LOG_LEVEL: 'debug' } });
    await pod.spawn(1, 'fake');
    await served(t, pod.rtmp, 1);
    assert.match(pod.process().output(), /"rule":"only-edge".*an edge is chosen/);
  });
});

describe('an edge that does not take its clients', () => {
  const spawnShut = async (pod: TestPod, engine: string) => {
    await pod.command({ type: 'spawn', edge: await pod.edge(0, { engine: 'shut' }) });
    await pod.command({ type: 'spawn', edge: await pod.edge(1, { engine }) });
    await isReady(pod, 2);
  };

  it('is ejected, gets no clients while there is another, and that is told', async (t) => {
    const config = 'balance: { ejection: { failures: 2, baseMs: 600000, maxMs: 600000 } }';
    const pod = await startPod(t, { engines, config });
    await spawnShut(pod, 'relayed');
    const ejected = async () => (await pod.state()).edges[0];
    await eventually(
      async () => {
        assert.deepEqual(await served(t, pod.rtmp, 1), ['stream-1']);
        return (await ejected())?.ejectedForMs !== undefined;
      },
      { what: 'it is ejected' },
    );
    const before = (await ejected())?.failures;
    assert.ok((before?.['connect-failed'] ?? 0) >= 2);
    assert.equal(before?.['ejected'], 1);
    assert.deepEqual(new Set(await served(t, pod.rtmp, 10)), new Set(['stream-1']));
    assert.deepEqual((await ejected())?.failures, before);
    const [choice] = await choicesOf(pod, 'last=1');
    assert.deepEqual(choice?.order, ['stream-1', 'stream-0']);
    assert.equal(choice?.candidates[0]?.verdict, 'ejected');
    assert.equal(
      pod
        .process()
        .output()
        .match(/ejected: it gets no clients/g)?.length,
      1,
    );
  });

  it('comes back, and gets clients again when it takes them', async (t) => {
    const config = 'balance: { ejection: { failures: 1, baseMs: 100, maxMs: 200 } }';
    const pod = await startPod(t, { engines, config });
    await spawnShut(pod, 'relayed');
    await eventually(
      async () => {
        await served(t, pod.rtmp, 1);
        return ((await pod.state()).edges[0]?.failures?.['ejected'] ?? 0) > 0;
      },
      { what: 'it is ejected' },
    );
    process.kill((await pod.state()).edges[0]?.pid ?? 0, 'SIGUSR2');
    await eventually(async () => (await served(t, pod.rtmp, 1))[0] === 'stream-0', { what: 'it has a client' });
    assert.match(pod.process().output(), /no longer ejected/);
  });

  it('is never ejected when it is the last', async (t) => {
    const config = 'balance: { ejection: { failures: 1, baseMs: 600000, maxMs: 600000 } }';
    const pod = await startPod(t, { engines, config });
    await pod.command({ type: 'spawn', edge: await pod.edge(0, { engine: 'shut' }) });
    await isReady(pod, 1);
    for (let i = 0; i < 3; i++) await (await connectClient(t, pod.rtmp)).closed;
    const [edge] = (await pod.state()).edges;
    assert.deepEqual([edge?.failures?.['connect-failed'], edge?.ejectedForMs], [3, undefined]);
    process.kill(edge?.pid ?? 0, 'SIGUSR2');
    await eventually(
      async () => {
        const client = await connectClient(t, pod.rtmp);
        await Promise.race([client.closed, client.served()]);
        return client.text().startsWith('relay ');
      },
      { what: 'it is tried, and serves' },
    );
  });

  it('counts a hand-off that was not taken', async (t) => {
    const pod = await startPod(t, { engines, config: 'balance: { ejection: { failures: 1, baseMs: 600000 } }' });
    await pod.spawn(2, 'fake');
    process.kill((await pod.state()).edges[0]?.pid ?? 0, 'SIGSTOP');
    await Promise.all(Array.from({ length: 6 }, () => connectClient(t, pod.rtmp)));
    const edge = await eventually(
      async () => {
        const [first] = (await pod.state()).edges;
        return first?.ejectedForMs === undefined ? null : first;
      },
      { what: 'it is ejected' },
    );
    assert.deepEqual(edge.failures, { 'not-taken': 1, ejected: 1 });
    process.kill(edge.pid ?? 0, 'SIGCONT');
  });
});

for (const engine of ['fake', 'relayed'] as const) {
  describe(`viewers of a stream, ${engine === 'fake' ? 'handed off' : 'relayed'}`, () => {
    const config = 'balance: { httpByStream: on, hotFromClients: 8, loadFactor: 4 }';

    it('go to one edge each, those of RTMP where fewest are', async (t) => {
      const pod = await startPod(t, { engines, config });
      await pod.spawn(3, engine);
      const homes = new Set<string>();
      for (const stream of ['a', 'b', 'c', 'd', 'e', 'f']) {
        const edges = new Set(await served(t, pod.http, 3, flv(stream)));
        assert.equal(edges.size, 1, `${stream} is on ${[...edges]}`);
        for (const edge of edges) homes.add(edge);
      }
      assert.ok(homes.size > 1, 'not all streams are on one edge');
      const rules = (await choicesOf(pod)).map(({ rule, stream }) => [rule, stream]);
      assert.deepEqual(rules[0], ['stream-home', '__defaultVhost__/live/f.flv']);
      const counts = (await pod.state()).edges.map(({ clients }) => clients);
      const fewest = `stream-${counts.indexOf(Math.min(...counts))}`;
      assert.deepEqual(await served(t, pod.rtmp, 1), [fewest]);
    });

    it('widen to the next edge when theirs has too many', async (t) => {
      const pod = await startPod(t, { engines, config: 'balance: { httpByStream: on, hotFromClients: 2 }' });
      await pod.spawn(3, engine);
      const edges = [];
      for (let i = 0; i < 9; i++) edges.push(...(await served(t, pod.http, 1, flv('hot'))));
      assert.equal(edges[0], edges[1]);
      assert.equal(new Set(edges).size, 3);
      assert.ok((await choicesOf(pod)).some(({ rule }) => rule === 'stream-widened'));
      for (const edge of new Set(edges)) assert.ok(edges.filter((each) => each === edge).length <= 4);
    });

    it('lose no byte of what they said, whole or byte by byte, and stay on their edge', async (t) => {
      const pod = await startPod(t, { engines, config });
      await pod.spawn(2, engine);
      const body = 'x'.repeat(3000);
      const request = `POST /live/a.flv HTTP/1.1\r\nHost: any\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      const whole = await connectClient(t, pod.http, request);
      const slow = await connectClient(t, pod.http, '');
      for (const byte of request) {
        slow.socket.write(byte);
        await new Promise((resume) => setImmediate(resume));
      }
      for (const client of [whole, slow]) {
        await eventually(() => client.text().endsWith(`\r\n\r\n${body}`), { what: 'all is echoed' });
        assert.equal(client.text().split('POST /live/a.flv HTTP/1.1\r\n').length, 2);
      }
      assert.equal((await whole.served()).edge, (await slow.served()).edge);
    });

    it('are answered by the pod when they say nonsense, too much, or nothing', async (t) => {
      const pod = await startPod(t, { engines, config });
      await pod.spawn(1, engine);
      const silent = await connectClient(t, pod.http, '');
      const left = await connectClient(t, pod.http, 'GET /live/a.flv HT');
      left.socket.end();
      const garbage = await connectClient(t, pod.http, '\x03nonsense\r\n\r\n');
      const long = await connectClient(t, pod.http, `GET / HTTP/1.1\r\nA: ${'b'.repeat(9000)}`);
      await Promise.all([left.closed, garbage.closed, long.closed]);
      assert.match(garbage.text(), /^HTTP\/1\.1 400 [\s\S]*"code":"E_BAD_REQUEST"/);
      assert.match(long.text(), /^HTTP\/1\.1 431 /);
      assert.equal(left.text(), '');
      await eventually(() => silent.isClosed(), { what: 'the silent one is told', deadlineMs: 20_000 });
      assert.match(silent.text(), /^HTTP\/1\.1 408 /);
      const { refused, clients } = await pod.state();
      assert.deepEqual([refused, clients], [{ 'request-bad': 2, 'first-words-late': 1 }, 0]);
    });
  });
}
