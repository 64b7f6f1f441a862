import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../support/eventually.js';
import { srsBinary } from '../support/paths.js';
import { isAlive, processesWith } from '../support/processes.js';
import { connectClient, fakeBinary, startPod, type TestPod } from './pod-support/test-pod.js';

const engines = (dir: string) => [`fake=${fakeBinary(dir)}`, `relayed=${fakeBinary(dir, 'relay')}`];
/** Three seconds of silence, a second of doubt, and what a busy machine takes. */
const found = { deadlineMs: 30_000 };

const pidsOf = async (pod: TestPod) => (await pod.state()).edges.map(({ pid }) => pid ?? 0);
const unhealthy = async (pod: TestPod) =>
  (await pod.facts()).flatMap((fact) =>
    fact.type === 'edge-unhealthy' ? [{ pid: fact.pid, why: fact.why, killed: fact.killed }] : [],
  );

/** Freezes a process; it goes on when the test ends, or nobody could end it. */
function freeze(t: TestContext, pid: number): void {
  process.kill(pid, 'SIGSTOP');
  t.after(() => isAlive(pid) && process.kill(pid, 'SIGCONT'));
}

/** The one that is found, killed and ready again is this one, and no other. */
async function isReplaced(pod: TestPod, pid: number): Promise<void> {
  await eventually(async () => (await unhealthy(pod)).length > 0, { what: 'it is found', ...found });
  const [only, ...more] = await unhealthy(pod);
  assert.deepEqual([only?.pid, only?.killed, more], [pid, true, []]);
  assert.match(only?.why ?? '', /^frozen: no answer, no bytes and no beat for \d+ ms$/);
  await eventually(
    async () => {
      const { edges } = await pod.state();
      return !isAlive(pid) && edges.every((edge) => edge.state === 'ready') && !edges.some((edge) => edge.pid === pid);
    },
    { what: 'another is in its place', ...found },
  );
  const exited = (await pod.facts()).find((fact) => fact.type === 'edge-exited');
  assert.ok(exited?.type === 'edge-exited' && exited.signal === 'SIGKILL' && !exited.asked);
}

describe('a frozen edge', () => {
  it('is found, killed and replaced, and the others go on: a built-in one that was stopped', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(2, 'builtin');
    const [stopped = 0, ...others] = await pidsOf(pod);
    freeze(t, stopped);
    await isReplaced(pod, stopped);
    assert.deepEqual((await pidsOf(pod)).slice(1), others);
  });

  it('is found in an endless loop, and the players of other edges go on', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(2, 'fake');
    const [looping, playing] = [await connectClient(t, pod.rtmp), await connectClient(t, pod.rtmp)];
    const [{ pid }, { pid: other }] = [await looping.served(), await playing.served()];
    assert.notEqual(pid, other);
    playing.socket.write('flow\n');
    looping.socket.write('spin\n');
    await isReplaced(pod, pid);
    await looping.closed;
    const before = playing.text().length;
    await eventually(() => playing.text().length > before, { what: 'the other plays on' });
  });

  it('may be a relay process: it is killed, and its clients are free', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(1, 'relayed');
    const client = await connectClient(t, pod.rtmp);
    await client.served();
    const [relay] = processesWith(pod.dir).filter(({ command }) => command.startsWith('dolphin-relay'));
    assert.ok(relay);
    freeze(t, relay.pid);
    await client.closed;
    await eventually(() => !isAlive(relay.pid), { what: 'it is gone', ...found });
    assert.deepEqual(await unhealthy(pod), [], 'its edge is not to blame');
    await eventually(async () => (await pod.state()).clients === 0, {
      what: 'its client is counted no more',
      ...found,
    });
    const next = await connectClient(t, pod.rtmp);
    await next.served();
  });

  it('is found behind the relay, and its clients are freed', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(2, 'relayed');
    const client = await connectClient(t, pod.rtmp);
    const { pid } = await client.served();
    freeze(t, pid);
    await isReplaced(pod, pid);
    await client.closed;
  });

  it('is found as a real SRS, stream edge or back source', {
    skip: srsBinary === undefined ? 'SRS_BIN names no SRS binary' : false,
  }, async (t) => {
    const pod = await startPod(t, { engines: () => [`srs=${srsBinary}`] });
    await pod.spawn(1, 'srs');
    const { ports, ...source } = await pod.edge(0, { engine: 'srs', role: 'back-source' });
    await pod.command({ type: 'spawn', edge: { ...source, ports: { rtmp: ports.rtmp, api: ports.api } } });
    const ready = async () => (await pod.state()).edges.filter((edge) => edge.state === 'ready');
    await eventually(async () => (await ready()).length === 2, { what: 'both are ready', ...found });
    for (const [index, role] of (['back-source', 'stream'] as const).entries()) {
      const edge = (await ready()).find((one) => one.role === role);
      freeze(t, edge?.pid ?? 0);
      await eventually(async () => (await unhealthy(pod)).length === index + 1, { what: 'it is found', ...found });
      assert.equal((await unhealthy(pod)).at(-1)?.pid, edge?.pid);
      await eventually(async () => (await ready()).length === 2, { what: 'it is ready again', ...found });
    }
  });
});

describe('an edge is left alone', () => {
  it('that answers nothing while bytes flow, that closes its API, or that has nothing to send', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(4, 'relayed');
    const clients = await Promise.all([0, 1, 2].map(() => connectClient(t, pod.rtmp)));
    const [mute, full] = await Promise.all(clients.map((client) => client.served()));
    clients[0]?.socket.write('flow\nmute-api\n');
    clients[1]?.socket.write('close-api\n');
    await eventually(() => clients[0]?.text().includes('flow\nflow\n'), { what: 'bytes flow' });
    await eventually(() => clients[1]?.text().includes('close-api\n'), { what: 'its API is closed' });
    const before = await pidsOf(pod);
    const served = new Set((await Promise.all(clients.map((client) => client.served()))).map(({ pid }) => pid));
    assert.ok(mute && full && served.size === 3);
    // The origin of all of them is dead. When the fourth is found, the others have been silent for as long.
    const frozen = before.find((pid) => !served.has(pid)) ?? 0;
    freeze(t, frozen);
    await isReplaced(pod, frozen);
    assert.ok([...served].every(isAlive));
    assert.ok(clients.every((client) => !client.isClosed()));
  });

  it('with another that is silent at the same time: there is one alarm, until one of them comes back', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(3, 'fake');
    const [first = 0, second = 0, third = 0] = await pidsOf(pod);
    freeze(t, first);
    freeze(t, second);
    await pod.process().printed(/several processes are silent at once/, found.deadlineMs);
    assert.deepEqual(await unhealthy(pod), []);
    assert.ok(isAlive(first) && isAlive(second));
    process.kill(second, 'SIGCONT');
    await isReplaced(pod, first);
    assert.ok(isAlive(second) && isAlive(third));
    assert.equal(
      pod
        .process()
        .output()
        .match(/several processes are silent at once/g)?.length,
      1,
    );
  });

  it('when it was the pod that was stopped for a while', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(2, 'builtin');
    const before = await pidsOf(pod);
    const { pid } = pod.process();
    const until = performance.now() + 4000;
    process.kill(pid, 'SIGSTOP');
    await eventually(() => performance.now() > until, { what: 'it stood still for longer than an edge may' });
    process.kill(pid, 'SIGCONT');
    // The rule is awake again, and finds the one that is frozen, alone.
    const [, stopped = 0] = before;
    freeze(t, stopped);
    await isReplaced(pod, stopped);
    assert.deepEqual(
      (await pidsOf(pod)).filter((one) => before.includes(one)),
      [before[0]],
    );
  });
});
