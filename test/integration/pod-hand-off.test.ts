import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import {
  connectClient,
  connectServed,
  fakeBinary,
  gateOf,
  startPod,
  type TestClient,
  type TestPod,
} from './pod-support/test-pod.js';

const withFakes = (dir: string) => [
  `fake=${fakeBinary(dir)}`,
  `deaf=${fakeBinary(dir, 'deaf')}`,
  `late=${fakeBinary(dir, 'late')}`,
];
/** Starts an edge that is up, and ready as soon as the gate is opened: clients wait two seconds for one, a start takes longer. */
async function spawnLate(pod: TestPod, slot: number): Promise<{ open(): void }> {
  await pod.command({ type: 'spawn', edge: await pod.edge(slot, { engine: 'late' }) });
  const gate = gateOf(pod.dir);
  await eventually(() => existsSync(gate), { what: 'the late edge is up' });
  return { open: () => rmSync(gate) };
}
const pidOf = async (pod: TestPod, slot: number) =>
  (await pod.state()).edges.find((edge) => edge.slot === slot)?.pid ?? 0;

describe('hand-off', () => {
  it('gives clients to the edges with the fewest, and counts them until they leave', async (t) => {
    const pod = await startPod(t, { engines: withFakes });
    await pod.spawn(3, 'fake');
    const clients: TestClient[] = [];
    for (let i = 0; i < 9; i++) clients.push(await connectClient(t, i % 3 === 0 ? pod.http : pod.rtmp));
    const served = await Promise.all(clients.map((client) => client.served()));
    assert.ok(served.every(({ how }) => how === 'hand-off'));
    const state = await pod.state();
    assert.deepEqual(
      state.edges.map((edge) => [edge.clients, edge.transport]),
      Array.from({ length: 3 }, () => [3, 'hand-off']),
    );
    for (const client of clients.slice(0, 4)) client.socket.end();
    for (const client of clients.slice(4)) client.socket.resetAndDestroy();
    await eventually(async () => (await pod.state()).clients === 0, { what: 'all have left' });
    assert.ok((await pod.state()).edges.every((edge) => edge.clients === 0));
  });

  it('loses only the client in flight when an edge is stopped with 50 clients on their way and then killed', async (t) => {
    const pod = await startPod(t, { engines: withFakes, env: { DOLPHIN_POD_SUPERVISE__FREEZE_AFTER_MS: '0' } });
    await pod.spawn(1, 'fake');
    const next = await spawnLate(pod, 1);
    const pid = await pidOf(pod, 0);
    process.kill(pid, 'SIGSTOP');
    const clients = await Promise.all(Array.from({ length: 50 }, () => connectClient(t, pod.rtmp)));
    await eventually(async () => (await pod.state()).clients === 50, { what: 'all are on their way', pollMs: 1 });
    process.kill(pid, 'SIGKILL');
    next.open();
    const cut = () => clients.filter((client) => client.isClosed() && client.text() === '');
    const served = () => clients.filter((client) => client.text().startsWith('hand-off'));
    await eventually(() => served().length === 49 && cut().length === 1, { what: '49 are served, one is closed' });
    assert.ok(served().every((client) => !client.text().includes(` ${pid}\n`)));
    const state = await pod.state();
    assert.equal(state.clients, 49);
    assert.equal(state.refused['hand-off-lost'], 1);
    await eventually(
      async () => (await pod.state()).edges.every((edge) => edge.state === 'ready' && edge.pid !== pid),
      {
        what: 'the killed edge is started again',
      },
    );
  });

  it('turns to the other edges when one takes nothing', async (t) => {
    // It is to thaw, however slow the machine is.
    const pod = await startPod(t, { engines: withFakes, env: { DOLPHIN_POD_SUPERVISE__FREEZE_AFTER_MS: '0' } });
    await pod.spawn(2, 'fake');
    const pid = await pidOf(pod, 0);
    process.kill(pid, 'SIGSTOP');
    const clients = await Promise.all(Array.from({ length: 20 }, () => connectClient(t, pod.rtmp)));
    const served = () => clients.filter((client) => client.text() !== '');
    await eventually(() => served().length === 19, { what: '19 are served by the other edge' });
    await eventually(() => clients.filter((client) => client.isClosed()).length === 1, {
      what: 'the one in flight sees its end, though the edge still lives',
    });
    const late = await connectClient(t, pod.rtmp);
    assert.equal((await late.served()).edge, 'dolphin-h1-stream-1');
    await eventually(async () => (await pod.state()).edges[0]?.clients === 0, { what: 'nobody is counted at it' });
    process.kill(pid, 'SIGCONT');
    // It takes what lay in its channel, and is trusted again.
    await eventually(
      async () => {
        const client = await connectClient(t, pod.rtmp);
        return (await client.served()).edge === 'dolphin-h1-stream-0';
      },
      { what: 'the thawed edge gets clients again' },
    );
  });

  it('frees the players of an edge that is killed, and starts it again', async (t) => {
    const pod = await startPod(t, { engines: withFakes });
    await pod.spawn(2, 'fake');
    const clients = await Promise.all(Array.from({ length: 10 }, () => connectClient(t, pod.rtmp)));
    const served = await Promise.all(clients.map((client) => client.served()));
    const pid = await pidOf(pod, 0);
    process.kill(pid, 'SIGKILL');
    await Promise.all(clients.filter((_, index) => served[index]?.pid === pid).map((client) => client.closed));
    const isReady = async () => {
      const [edge] = (await pod.state()).edges;
      return edge?.state === 'ready' && edge.pid !== pid;
    };
    await eventually(isReady, { what: 'it is ready again' });
    const facts = await pod.facts();
    const exited = facts.find((fact) => fact.type === 'edge-exited');
    assert.ok(exited?.type === 'edge-exited');
    assert.equal(exited.asked, false);
    assert.equal(exited.wasReady, true);
    assert.equal(exited.signal, 'SIGKILL');
    const restarted = facts.find((fact) => fact.type === 'edge-started' && fact.attempt === 2);
    assert.equal(restarted?.causationId, exited.id);
    assert.equal(clients.filter((client) => !client.isClosed()).length, 5);
    assert.equal((await pod.state()).clients, 5);
  });

  it('keeps a client that comes when no edge is ready, and serves it as soon as one is', async (t) => {
    const pod = await startPod(t, { engines: withFakes });
    const late = await spawnLate(pod, 0);
    const client = await connectClient(t, pod.rtmp);
    // The client came first: the pod that answers this has accepted it.
    assert.notEqual((await pod.state()).edges[0]?.state, 'ready');
    late.open();
    assert.equal((await client.served()).edge, 'dolphin-h1-stream-0');
  });

  it('closes RTMP and answers 503 to HTTP when no edge comes', async (t) => {
    const pod = await startPod(t, { engines: withFakes });
    const rtmp = await connectClient(t, pod.rtmp);
    const http = await connectClient(t, pod.http, 'GET /live/a.flv HTTP/1.1\r\nHost: x\r\n\r\n');
    await Promise.all([rtmp.closed, http.closed]);
    assert.equal(rtmp.text(), '');
    assert.match(http.text(), /^HTTP\/1\.1 503 [\s\S]*\r\nRetry-After: 1\r\n[\s\S]*"code":"E_UNREACHABLE"/);
    assert.equal((await pod.state()).refused['no-edge'], 2);
  });

  it('goes on to the next edge when one stops in the middle of a burst', async (t) => {
    const pod = await startPod(t, { engines: withFakes });
    const deaf = await pod.edge(0, { engine: 'deaf' });
    const good = await pod.edge(1);
    await pod.command({ type: 'spawn', edge: deaf });
    await pod.command({ type: 'spawn', edge: good });
    await eventually(async () => (await pod.state()).edges.filter((edge) => edge.state === 'ready').length === 2, {
      what: 'both are ready',
    });
    const clients = await Promise.all(Array.from({ length: 30 }, () => connectClient(t, pod.rtmp)));
    const served = () => clients.filter((client) => client.text() !== '');
    await eventually(() => served().length === 29, { what: 'all but the one in flight are served' });
    assert.equal(served().filter((client) => client.text().includes('stream-0')).length, 3);
  });
});

describe('a relayed client', () => {
  const engines = (dir: string) => [`relayed=${fakeBinary(dir, 'relay')}`, `shut=${fakeBinary(dir, 'shut')}`];

  it('is counted where it was connected, and nowhere when it has left', async (t) => {
    const pod = await startPod(t, { engines, relays: 2 });
    await pod.command({ type: 'spawn', edge: await pod.edge(0, { engine: 'shut' }) });
    await pod.command({ type: 'spawn', edge: await pod.edge(1, { engine: 'relayed' }) });
    await eventually(async () => (await pod.state()).edges.filter((edge) => edge.state === 'ready').length === 2, {
      what: 'both are ready',
    });
    (await connectServed(t, pod.rtmp)).socket.destroy();
    await eventually(async () => (await pod.state()).clients === 0, { what: 'the first has left' });
    const clients = await Promise.all(Array.from({ length: 12 }, () => connectClient(t, pod.rtmp)));
    const served = await Promise.all(clients.map((client) => client.served()));
    assert.ok(served.every(({ how, edge }) => how === 'relay' && edge === 'dolphin-h1-stream-1'));
    const counts = async () => (await pod.state()).edges.map((edge) => edge.clients);
    await eventually(async () => JSON.stringify(await counts()) === '[0,12]', { what: 'the counts are true' });
    // Early leavers as well, before they said a word.
    const silent = await Promise.all(Array.from({ length: 5 }, () => connectClient(t, pod.rtmp, '')));
    for (const client of [...clients, ...silent]) client.socket.destroy();
    await eventually(async () => (await pod.state()).clients === 0, { what: 'all are forgotten' });
    assert.deepEqual(await counts(), [0, 0]);
  });

  it('ends with its edge, and the next one goes to another', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(2, 'relayed');
    const client = await connectServed(t, pod.rtmp);
    const { pid } = await client.served();
    process.kill(pid, 'SIGKILL');
    await client.closed;
    const next = await connectClient(t, pod.rtmp);
    assert.notEqual((await next.served()).pid, pid);
    await eventually(async () => (await pod.state()).clients === 1, { what: 'the first is forgotten' });
  });
});
