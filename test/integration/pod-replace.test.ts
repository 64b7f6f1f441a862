import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { freePortRange } from '../support/ports.js';
import { isAlive } from '../support/processes.js';
import {
  connectClient,
  fakeBinary,
  readText,
  startPod,
  type TestClient,
  type TestPod,
} from './pod-support/test-pod.js';

const engines = (dir: string) => [
  `fake=${fakeBinary(dir)}`,
  `grows=${fakeBinary(dir, 'grows')}`,
  `dies=${fakeBinary(dir, 'dies')}`,
];
const LONG = 'drain:\n  deadlineMs: 600000\n';

async function spare(count = 2): Promise<string> {
  const bases = [await freePortRange(count), await freePortRange(count), await freePortRange(count)];
  return `sparePorts:\n  rtmp: ${bases[0]}\n  http: ${bases[1]}\n  api: ${bases[2]}\n  count: ${count}\n`;
}
const rows = async (pod: TestPod) => (await pod.state()).edges;
const states = async (pod: TestPod) => (await rows(pod)).map((edge) => `${edge.slot}:${edge.generation} ${edge.state}`);
const showing = (pod: TestPod, wanted: string[]) =>
  eventually(async () => JSON.stringify(await states(pod)) === JSON.stringify(wanted), { what: wanted.join(', ') });
const countOf = async (pod: TestPod, type: string) => (await pod.facts()).filter((fact) => fact.type === type).length;

describe('spare ports', () => {
  it('that a slot comes for are advised against, and all of them count as ports of this host', async (t) => {
    const base = await freePortRange(2);
    // The last ones lie where outgoing connections get theirs.
    const config = `sparePorts: { rtmp: 2900, http: ${base}, api: 60990, count: 2 }\n`;
    const pod = await startPod(t, { engines, config });
    const before = (await pod.state()).advice.join('\n');
    assert.ok(!before.includes('sparePorts'));
    const kernel = (name: string) => readText(`/proc/sys/net/ipv4/ip_local_${name}`).trim();
    const [low = 0, high = 0] = kernel('port_range').split('\t').map(Number);
    if (low <= 60_990 && high >= 60_991 && kernel('reserved_ports') === '') {
      assert.match(before, /ports [\d,-]*60990-60991 may be taken/);
    }
    const edge = await pod.edge(3);
    await pod.command({ type: 'spawn', edge: { ...edge, ports: { ...edge.ports, http: base + 1 } } });
    const clash = `sparePorts.http: port ${base + 1} is the HTTP port of stream-3`;
    assert.ok((await pod.state()).advice.join('\n').includes(clash));
    await pod.process().printed(new RegExp(clash));
  });
});

describe('a new generation of a slot on other ports', () => {
  it('starts beside the old one, gets the new clients when it is ready, and no connection fails meanwhile', async (t) => {
    const pod = await startPod(t, { engines, config: LONG });
    await pod.spawn(1, 'fake');
    const old = await connectClient(t, pod.rtmp);
    const { pid } = await old.served();
    let isOver = false;
    const arrivals: TestClient[] = [];
    const arriving = (async () => {
      while (!isOver) {
        const client = await connectClient(t, pod.rtmp);
        await client.served();
        arrivals.push(client);
      }
    })();
    await eventually(() => arrivals.length > 2, { what: 'clients arrive' });
    const next = await pod.edge(0, { generation: 2 });
    assert.equal((await pod.command({ type: 'spawn', edge: next })).result, 'accepted');
    await showing(pod, ['0:2 ready', '0:1 draining']);
    const late = await connectClient(t, pod.rtmp);
    const newPid = (await late.served()).pid;
    assert.notEqual(newPid, pid);
    isOver = true;
    await arriving;
    assert.ok(arrivals.every((client) => !client.isClosed()));
    assert.deepEqual(
      (await rows(pod)).map((edge) => edge.ports.rtmp === next.ports.rtmp),
      [true, false],
    );
    // A third generation on the first one's ports would have to wait for that drain; a kill waits for nobody.
    for (const client of [old, ...arrivals]) if ((await client.served()).pid === pid) client.socket.destroy();
    await showing(pod, ['0:2 ready']);
    assert.ok(!isAlive(pid) && isAlive(newPid));
    assert.equal(await countOf(pod, 'edge-removed'), 0);
    assert.equal((await late.served()).pid, newPid);
  });

  it('that never becomes ready leaves the old one where it is, and a fact says so', async (t) => {
    const pod = await startPod(t, { engines, config: 'restarts:\n  maxAttempts: 2\n' });
    const [edge] = await pod.spawn(1, 'fake');
    assert.ok(edge);
    const client = await connectClient(t, pod.rtmp);
    const { pid } = await client.served();
    await pod.command({ type: 'spawn', edge: await pod.edge(0, { generation: 2, engine: 'dies' }) });
    await showing(pod, ['0:2 gave-up', '0:1 ready']);
    const failed = (await pod.facts()).find((fact) => fact.type === 'edge-replace-failed');
    assert.ok(failed?.type === 'edge-replace-failed' && failed.generation === 2 && failed.kept === 1);
    assert.equal((await (await connectClient(t, pod.rtmp)).served()).pid, pid);
    // The next generation gets its turn.
    await pod.command({ type: 'spawn', edge: await pod.edge(0, { generation: 3 }) });
    await eventually(async () => (await states(pod))[0] === '0:3 ready', { what: 'generation 3 is ready' });
    assert.ok(!client.isClosed());
    // And a kill ends both.
    await pod.command({ type: 'kill', role: 'stream', slot: 0, generation: 3 });
    await showing(pod, []);
    await client.closed;
    assert.equal(await countOf(pod, 'edge-removed'), 1);
  });

  it('on the same ports waits for the drain of the old one', async (t) => {
    const pod = await startPod(t, { engines });
    const [edge] = await pod.spawn(1, 'fake');
    assert.ok(edge);
    const client = await connectClient(t, pod.rtmp);
    await client.served();
    await pod.command({ type: 'drain', role: 'stream', slot: 0, generation: 1, deadlineMs: 600_000 });
    await pod.command({ type: 'spawn', edge: { ...edge, generation: 2 } });
    await showing(pod, ['0:1 draining']);
    client.socket.destroy();
    await showing(pod, ['0:2 ready']);
  });
});

describe('a replacement asked for on the host', () => {
  it('runs the same edge on spare ports, and back on its own', async (t) => {
    const pod = await startPod(t, { engines, config: `${LONG}${await spare(1)}` });
    const [edge] = await pod.spawn(1, 'fake');
    assert.ok(edge);
    const client = await connectClient(t, pod.rtmp);
    const { pid } = await client.served();
    assert.equal((await pod.call('POST', '/v1/edges/stream-0/replace')).status, 202);
    await showing(pod, ['0:1 ready', '0:1 draining']);
    assert.notEqual((await rows(pod))[0]?.ports.rtmp, edge.ports.rtmp);
    assert.notEqual((await (await connectClient(t, pod.rtmp)).served()).pid, pid);
    assert.ok(!client.isClosed());
    client.socket.destroy();
    await showing(pod, ['0:1 ready']);
    assert.equal((await pod.call('POST', '/v1/edges/stream-0/replace')).status, 202);
    await showing(pod, ['0:1 ready', '0:1 draining']);
    assert.deepEqual((await rows(pod))[0]?.ports, edge.ports);
  });

  it('that never becomes ready leaves the edge and its clients as they are, and may be asked for again', async (t) => {
    const pod = await startPod(t, { engines, config: `restarts:\n  maxAttempts: 2\n${LONG}${await spare(1)}` });
    const [edge] = await pod.spawn(1, 'fake');
    assert.ok(edge);
    const client = await connectClient(t, pod.rtmp);
    const { pid } = await client.served();
    copyFileSync(fakeBinary(pod.dir, 'dies'), fakeBinary(pod.dir));
    assert.equal((await pod.call('POST', '/v1/edges/stream-0/replace')).status, 202);
    await eventually(async () => (await countOf(pod, 'edge-replace-failed')) === 1, { what: 'it is given up' });
    await showing(pod, ['0:1 ready']);
    assert.equal((await rows(pod))[0]?.pid, pid);
    assert.equal(await countOf(pod, 'edge-gave-up'), 0);
    fakeBinary(pod.dir);
    assert.equal((await pod.call('POST', '/v1/edges/stream-0/replace')).status, 202);
    await showing(pod, ['0:1 ready', '0:1 draining']);
    assert.ok(!client.isClosed());
    assert.notEqual((await (await connectClient(t, pod.rtmp)).served()).pid, pid);
  });

  it('without spare ports drains the edge, then starts it again on its own', async (t) => {
    const pod = await startPod(t, { engines, config: 'drain:\n  deadlineMs: 0\n' });
    await pod.spawn(1, 'fake');
    const client = await connectClient(t, pod.rtmp);
    const { pid } = await client.served();
    assert.equal((await pod.call('POST', '/v1/edges/stream-0/replace')).status, 202);
    await client.closed;
    await eventually(
      async () => {
        const [row] = await rows(pod);
        return row?.state === 'ready' && row.pid !== pid;
      },
      { what: 'a new process is ready' },
    );
    await (await connectClient(t, pod.rtmp)).served();
  });
});

describe('the memory limit', () => {
  it('replaces an edge that has grown above it, with the figures in a fact', async (t) => {
    const config = `${await spare()}drain:\n  deadlineMs: 600000\nsupervise:\n  maxRssMb: 250\n`;
    const pod = await startPod(t, { engines, config });
    await pod.command({ type: 'spawn', edge: await pod.edge(0, { engine: 'fake' }) });
    await pod.command({ type: 'spawn', edge: await pod.edge(1, { engine: 'grows' }) });
    await eventually(async () => (await rows(pod)).length === 3, { what: 'one is replaced', deadlineMs: 40_000 });
    const unhealthy = (await pod.facts()).find((fact) => fact.type === 'edge-unhealthy');
    assert.ok(unhealthy?.type === 'edge-unhealthy' && unhealthy.slot === 1 && unhealthy.killed === false);
    assert.match(unhealthy.why, /^\d{3} MB resident, above maxRssMb 250 in 3 samples/);
    assert.equal((await rows(pod)).filter((edge) => edge.slot === 0).length, 1);
    const started = async () =>
      (await pod.facts()).filter((fact) => fact.type === 'edge-started' && fact.slot === 1)[1];
    const successor = await eventually(started, { what: 'its successor is told of' });
    assert.equal(successor.causationId, unhealthy.id);
  });
});
