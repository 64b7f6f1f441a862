import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { CommandBody } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { isAlive } from '../support/processes.js';
import { connectClient, fakeBinary, startPod, type TestClient, type TestPod } from './pod-support/test-pod.js';

const engines = (dir: string) => [`fake=${fakeBinary(dir)}`, `relayed=${fakeBinary(dir, 'relay')}`];
const slot0 = { role: 'stream', slot: 0, generation: 1 } as const;
const drain = (deadlineMs: number): CommandBody => ({ type: 'drain', ...slot0, deadlineMs });
const undrain: CommandBody = { type: 'undrain', ...slot0 };
const LONG_MS = 600_000;

const rows = async (pod: TestPod) => (await pod.state()).edges;
const isIn = (pod: TestPod, state: string) =>
  eventually(async () => (await rows(pod)).find((edge) => edge.slot === 0 && edge.role === 'stream')?.state === state, {
    what: `it is ${state}`,
  });
const isGone = (pod: TestPod) =>
  eventually(async () => (await rows(pod)).every((edge) => edge.slot !== 0 || edge.role !== 'stream'), {
    what: 'its row is gone',
  });
const types = async (pod: TestPod) => (await pod.facts()).map((fact) => fact.type);
const codeOf = async (reply: ReturnType<TestPod['command']>) => {
  const answer = await reply;
  return answer.result === 'refused' ? answer.code : answer.already ? 'already' : 'new';
};

/** Clients, and those of them that edge 0 serves. */
async function connectMany(t: Parameters<typeof connectClient>[0], pod: TestPod, count: number) {
  const clients: TestClient[] = [];
  for (let i = 0; i < count; i++) clients.push(await connectClient(t, pod.rtmp));
  const served = await Promise.all(clients.map((client) => client.served()));
  const isOn0 = (_: TestClient, index: number) => served[index]?.edge === 'dolphin-h1-stream-0';
  return { on0: clients.filter(isOn0), others: clients.filter((client, index) => !isOn0(client, index)) };
}

for (const engine of ['fake', 'relayed']) {
  describe(`a drain of an edge whose clients come by ${engine === 'fake' ? 'hand-off' : 'relay'}`, () => {
    it('gives it nobody new, waits for the last one, and ends it', async (t) => {
      const pod = await startPod(t, { engines });
      await pod.spawn(2, engine);
      const { on0, others } = await connectMany(t, pod, 6);
      assert.equal(on0.length, 3);
      const pid = (await rows(pod))[0]?.pid ?? 0;
      assert.equal(await codeOf(pod.command(drain(LONG_MS))), 'new');
      await isIn(pod, 'draining');
      const [row] = await rows(pod);
      assert.equal(row?.clients, 3);
      assert.ok((row?.drainLeftMs ?? 0) > LONG_MS / 2);
      for (let i = 0; i < 4; i++) {
        const late = await connectClient(t, pod.rtmp);
        assert.equal((await late.served()).edge, 'dolphin-h1-stream-1');
      }
      on0[0]?.socket.destroy();
      on0[1]?.socket.destroy();
      await eventually(async () => (await rows(pod))[0]?.clients === 1, { what: 'one is left' });
      assert.equal((await rows(pod))[0]?.state, 'draining');
      on0[2]?.socket.destroy();
      await isGone(pod);
      assert.ok(!isAlive(pid));
      assert.ok(others.every((client) => !client.isClosed()));
      const facts = (await pod.facts()).slice(-4);
      assert.deepEqual(
        facts.map((fact) => fact.type),
        ['edge-draining', 'edge-drained', 'edge-exited', 'edge-removed'],
      );
      assert.ok(facts[0]?.type === 'edge-draining' && facts[0].clients === 3 && facts[0].deadlineMs === LONG_MS);
      assert.ok(facts[1]?.type === 'edge-drained' && facts[1].why === 'empty' && facts[1].closed === 0);
      assert.ok(facts[2]?.type === 'edge-exited' && facts[2].asked);
      // Sent again, it is done; its generation does not come back, the next one does.
      assert.equal(await codeOf(pod.command(drain(LONG_MS))), 'already');
      assert.equal(await codeOf(pod.command(undrain)), 'E_NOT_DRAINING');
      const again = await pod.edge(0, { engine });
      assert.equal(await codeOf(pod.command({ type: 'spawn', edge: again })), 'E_GENERATION_STALE');
      assert.equal(await codeOf(pod.command({ type: 'spawn', edge: { ...again, generation: 2 } })), 'new');
      await isIn(pod, 'ready');
    });

    it('closes in batches who is still there at the deadline', async (t) => {
      const pod = await startPod(t, { engines, config: 'drain:\n  batchClients: 2\n  batchEveryMs: 50\n' });
      await pod.spawn(2, engine);
      const { on0, others } = await connectMany(t, pod, 10);
      assert.equal(await codeOf(pod.command(drain(0))), 'new');
      await Promise.all(on0.map((client) => client.closed));
      await isGone(pod);
      assert.ok(others.every((client) => !client.isClosed()));
      const drained = (await pod.facts()).find((fact) => fact.type === 'edge-drained');
      assert.ok(drained?.type === 'edge-drained' && drained.why === 'deadline');
      assert.equal(drained.closed, on0.length);
      assert.equal((await pod.state()).clients, others.length);
    });
  });
}

describe('a drain', () => {
  it('is taken back by an undrain, which sends it clients again, those that waited as well', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(1, 'fake');
    const client = await connectClient(t, pod.rtmp);
    await client.served();
    await pod.command(drain(LONG_MS));
    await isIn(pod, 'draining');
    assert.equal(await codeOf(pod.command(drain(LONG_MS))), 'already');
    // It is obeyed though no other edge is there: who comes now waits, as for any edge.
    const waiting = await connectClient(t, pod.rtmp);
    assert.equal(await codeOf(pod.command(undrain)), 'new');
    assert.equal(await codeOf(pod.command(undrain)), 'already');
    // On a stalled machine its time was over: then it was closed, and comes again.
    await eventually(() => waiting.text() !== '' || waiting.isClosed(), { what: 'it is served or refused' });
    await (await connectClient(t, pod.rtmp)).served();
    assert.equal((await rows(pod))[0]?.state, 'ready');
    assert.ok(!client.isClosed());
    assert.deepEqual((await types(pod)).slice(-2), ['edge-draining', 'edge-undrained']);
    // It counts for the next pod, too.
    await pod.process().stop('SIGKILL');
    await pod.start();
    await isIn(pod, 'ready');
  });

  it('takes another deadline, and yields to a kill', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(2, 'fake');
    const { on0 } = await connectMany(t, pod, 4);
    await pod.command(drain(LONG_MS));
    assert.equal(await codeOf(pod.command(drain(LONG_MS / 10))), 'new');
    assert.ok(((await rows(pod))[0]?.drainLeftMs ?? LONG_MS) <= LONG_MS / 10);
    assert.equal(await codeOf(pod.command({ type: 'kill', ...slot0 })), 'new');
    await isGone(pod);
    await Promise.all(on0.map((client) => client.closed));
    assert.ok(!(await types(pod)).includes('edge-drained'));
  });

  it('of an edge that dies meanwhile is over: it is not started again', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(2, 'fake');
    const { on0, others } = await connectMany(t, pod, 4);
    await pod.command(drain(LONG_MS));
    await isIn(pod, 'draining');
    process.kill((await rows(pod))[0]?.pid ?? 0, 'SIGKILL');
    await Promise.all(on0.map((client) => client.closed));
    await isGone(pod);
    assert.deepEqual((await types(pod)).slice(-2), ['edge-exited', 'edge-removed']);
    assert.ok(others.every((client) => !client.isClosed()));
    assert.equal(await codeOf(pod.command(drain(LONG_MS))), 'already');
  });

  it('of an edge whose pod is killed meanwhile is over: the next pod does not bring it back', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(2, 'fake');
    const { on0 } = await connectMany(t, pod, 4);
    await pod.command(drain(LONG_MS));
    await isIn(pod, 'draining');
    await pod.process().stop('SIGKILL');
    await Promise.all(on0.map((client) => client.closed));
    for (let life = 0; life < 2; life++) {
      await pod.start();
      await eventually(async () => (await rows(pod)).some((edge) => edge.slot === 1 && edge.state === 'ready'), {
        what: 'the other edge is ready again',
      });
      assert.equal((await rows(pod)).length, 1);
      assert.equal((await types(pod)).filter((type) => type === 'edge-removed').length, 1);
      await pod.process().stop('SIGKILL');
    }
  });

  it('of an edge that does not run yet, or not any more, ends it without a wait', async (t) => {
    const missing = (dir: string) => [`fake=${fakeBinary(dir)}`, `missing=${join(dir, 'no-such-binary')}`];
    const pod = await startPod(t, { engines: missing });
    await pod.command({ type: 'spawn', edge: await pod.edge(0, { engine: 'missing' }) });
    await isIn(pod, 'backing-off');
    assert.equal(await codeOf(pod.command(drain(LONG_MS))), 'new');
    await isGone(pod);
    assert.deepEqual((await types(pod)).slice(-3), ['edge-draining', 'edge-drained', 'edge-removed']);
  });

  it('that cannot be obeyed is refused with a code, as a command and as a local order', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(1, 'fake');
    const backSource = await pod.edge(0, { role: 'back-source' });
    await pod.command({ type: 'spawn', edge: backSource });
    assert.equal(await codeOf(pod.command({ type: 'drain', ...slot0, slot: 7, deadlineMs: 1 })), 'E_NOT_FOUND');
    assert.equal(await codeOf(pod.command({ type: 'drain', ...slot0, generation: 2, deadlineMs: 1 })), 'E_NOT_FOUND');
    const refused = pod.command({ type: 'drain', ...slot0, role: 'back-source', deadlineMs: 1 });
    assert.equal(await codeOf(refused), 'E_UNSUPPORTED');
    assert.equal(await codeOf(pod.command(drain(5), { sequence: 0 })), 'E_COMMAND_STALE');
    const local = async (path: string, body?: unknown) => {
      const answer = await pod.call('POST', `/v1/edges/${path}`, body);
      return [answer.status, (answer.body as { error?: { code: string } }).error?.code];
    };
    assert.deepEqual(await local('stream-7/drain'), [404, 'E_NOT_FOUND']);
    assert.deepEqual(await local('stream-0/explode'), [404, 'E_NOT_FOUND']);
    assert.deepEqual(await local('stream-0/drain', { deadlineMs: -1 }), [400, 'E_BAD_REQUEST']);
    assert.deepEqual(await local('stream-0/drain', 'no json'), [400, 'E_BAD_REQUEST']);
    assert.deepEqual(await local('stream-0/undrain'), [409, 'E_NOT_DRAINING']);
    assert.deepEqual(await local('stream-0/start'), [501, 'E_UNSUPPORTED']);
    assert.deepEqual(await local('back-source-0/drain'), [501, 'E_UNSUPPORTED']);
    assert.equal((await types(pod)).includes('edge-draining'), false);
    // And one that can.
    const client = await connectClient(t, pod.rtmp);
    await client.served();
    assert.deepEqual(await local('stream-0/drain', { deadlineMs: LONG_MS }), [202, undefined]);
    assert.deepEqual(await local('stream-0/undrain'), [202, undefined]);
    assert.deepEqual(await local('stream-0/drain'), [202, undefined]);
    assert.deepEqual(await local('stream-0/replace'), [409, 'E_NOT_READY']);
    client.socket.destroy();
    await isGone(pod);
    await pod.process().stop('SIGKILL');
    await pod.start();
    assert.deepEqual(
      (await rows(pod)).map(({ role }) => role),
      ['back-source'],
    );
  });
});
