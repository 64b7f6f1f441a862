import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { publishFile } from '../support/media.js';
import { fromRoot } from '../support/paths.js';
import { isAlive, processesWith, startProcess } from '../support/processes.js';
import { startEdge } from './edge-support/edge.js';
import { endedOf, endsOf, sessionsOf, whenEnded } from './pod-support/sessions.js';
import { connectClient, fakeBinary, startPod, type TestPod } from './pod-support/test-pod.js';

const engines = (dir: string) => [`fake=${fakeBinary(dir)}`, `relayed=${fakeBinary(dir, 'relay')}`];
const pidOf = async (pod: TestPod, slot: number) =>
  (await pod.state()).edges.find((edge) => edge.slot === slot)?.pid ?? 0;
const relaysOf = (pod: TestPod) =>
  processesWith(pod.runDir).filter(({ command }) => command.startsWith('dolphin-relay'));

/** A pod with one built-in edge that pulls a live stream. */
async function startMedia(t: Parameters<typeof startPod>[0], mode: string): Promise<TestPod> {
  const origin = await startEdge(t);
  publishFile(t, origin.rtmp('livestream'), { loop: true });
  const pod = await startPod(t, { engines: () => [`builtin=${fromRoot('bin/dolphin-edge')}`], mode });
  await pod.command({ type: 'spawn', edge: await pod.edge(0, { engine: 'builtin', origins: [origin.address] }) });
  await eventually(async () => (await pod.state()).edges[0]?.state === 'ready', {
    what: 'it is ready',
    deadlineMs: 30_000,
  });
  return pod;
}

function play(t: Parameters<typeof startPod>[0], url: string) {
  return startProcess(t, 'ffmpeg', ['-v', 'error', '-i', url, '-c', 'copy', '-f', 'null', '-']);
}

describe('sessions', () => {
  for (const mode of ['auto', 'relay']) {
    const how = mode === 'auto' ? 'hand-off' : 'relay';
    it(`show who plays what from where, and how much, by ${how}; one is kicked while the other plays on`, async (t) => {
      const pod = await startMedia(t, mode);
      const rtmp = play(t, `rtmp://127.0.0.1:${pod.rtmp}/live/livestream`);
      const flv = play(t, `http://127.0.0.1:${pod.http}/live/livestream.flv`);
      const bytesOf = async (protocol: string) =>
        (await sessionsOf(pod, `&protocol=${protocol}`)).sessions[0]?.sentBytes ?? 0;
      for (const protocol of ['rtmp', 'http']) {
        await eventually(async () => (await bytesOf(protocol)) > 50_000, {
          what: `${protocol} plays`,
          deadlineMs: 30_000,
        });
        const before = await bytesOf(protocol);
        await eventually(async () => (await bytesOf(protocol)) > before, { what: 'its bytes grow' });
      }
      const { total, sessions } = await sessionsOf(pod);
      assert.equal(total, 2);
      for (const session of sessions) {
        assert.deepEqual([session.address, session.edge], ['127.0.0.1', 'stream-0']);
        assert.equal(session.via, mode === 'auto' ? null : 'relay-0');
        // What a relay does not read it does not know.
        const isKnown = mode === 'auto' || session.protocol === 'http';
        assert.deepEqual([session.stream, session.use], isKnown ? ['/live/livestream', 'play'] : [null, null]);
      }
      const [kicked] = (await sessionsOf(pod, '&protocol=rtmp')).sessions;
      assert.equal((await pod.call('DELETE', `/v1/sessions/${kicked?.id}`)).status, 202);
      await rtmp.ends();
      const [ended] = await whenEnded(pod, 1);
      assert.deepEqual([ended?.id, ended?.end, ended?.n], [kicked?.id, 'kicked', 1]);
      assert.ok((ended?.sentBytes ?? 0) > 50_000);
      const before = await bytesOf('http');
      await eventually(async () => (await bytesOf('http')) > before, { what: 'the other one plays on' });
      assert.ok(isAlive(flv.pid));
      flv.kill('SIGKILL');
      assert.equal((await whenEnded(pod, 2))[1]?.end, 'client-left');
      assert.equal((await pod.state()).clients, 0);
    });
  }

  it('are found by edge, address, stream and protocol', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(2, 'fake');
    for (let i = 0; i < 6; i++) await (await connectClient(t, i < 2 ? pod.http : pod.rtmp)).served();
    const total = async (query: string) => (await sessionsOf(pod, query)).total;
    assert.deepEqual([await total(''), await total('&edge=stream-0'), await total('&edge=stream-9')], [6, 3, 0]);
    assert.deepEqual([await total('&protocol=http'), await total('&protocol=rtmp')], [2, 4]);
    assert.deepEqual([await total('&address=127.0.0.1'), await total('&address=127.0.0.0/8')], [6, 6]);
    assert.deepEqual([await total('&address=127.0.0.2'), await total('&stream=/live/a')], [0, 0]);
    const limited = (await pod.call('GET', '/v1/sessions?limit=2')).body as { total: number; sessions: [] };
    assert.deepEqual([limited.total, limited.sessions.length], [6, 2]);
    for (const query of ['limit=1001', 'limit=x', 'address=10.0.0.300', 'protocol=udp', 'colour=red']) {
      assert.equal((await pod.call('GET', `/v1/sessions?${query}`)).status, 400, query);
    }
    for (const id of ['abcdef-1', '1', 'x']) {
      const { status, body } = await pod.call('DELETE', `/v1/sessions/${id}`);
      assert.deepEqual([status, (body as { error: { code: string } }).error.code], [404, 'E_NOT_FOUND']);
    }
  });

  it('of clients that wait in the pod, or lie before a stopped edge, can be kicked, too', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(1, 'fake');
    const pid = await pidOf(pod, 0);
    process.kill(pid, 'SIGSTOP');
    const clients = await Promise.all(Array.from({ length: 5 }, () => connectClient(t, pod.rtmp)));
    await eventually(async () => (await sessionsOf(pod)).total === 5, { what: 'all are there' });
    for (const { id } of (await sessionsOf(pod)).sessions) await pod.call('DELETE', `/v1/sessions/${id}`);
    process.kill(pid, 'SIGCONT');
    await Promise.all(clients.map((client) => client.closed));
    const { kicked = 0, 'hand-off-lost': lost = 0 } = endsOf(await whenEnded(pod, 5));
    // The one in flight may have been given up before the kick.
    assert.ok(kicked >= 4 && kicked + lost === 5, `${kicked} ${lost}`);
    assert.equal((await pod.state()).clients, 0);
  });
});

describe('sessions end', () => {
  it('because the client left, because its edge died, and because its relay process died', async (t) => {
    const pod = await startPod(t, { engines, relays: 1 });
    await pod.command({ type: 'spawn', edge: await pod.edge(0, { engine: 'fake' }) });
    await pod.command({ type: 'spawn', edge: await pod.edge(1, { engine: 'relayed' }) });
    await eventually(async () => (await pod.state()).edges.filter((edge) => edge.state === 'ready').length === 2, {
      what: 'both are ready',
      deadlineMs: 30_000,
    });
    let ended = 0;
    const round = async (end: () => unknown, expected: (session: { via: string | null }) => string) => {
      const clients = await Promise.all(Array.from({ length: 6 }, () => connectClient(t, pod.rtmp)));
      await Promise.all(clients.map((client) => client.served()));
      // A killed edge that is back has clients of this round alone.
      const { sessions } = await sessionsOf(pod);
      await end();
      for (const client of clients) client.socket.destroy();
      const from = ended;
      ended += sessions.length;
      const told = (await whenEnded(pod, ended)).slice(from);
      assert.deepEqual(
        told.map(({ id, end: why, via }) => [id, why, via]).sort(),
        sessions.map((session) => [session.id, expected(session), session.via]).sort(),
      );
      await eventually(
        async () => (await pod.state()).edges.every((edge) => edge.state === 'ready' && edge.clients === 0),
        {
          what: 'all is as before',
          deadlineMs: 20_000,
        },
      );
      await eventually(() => relaysOf(pod).length === 1, { what: 'the relay process is there' });
    };
    await round(
      () => undefined,
      () => 'client-left',
    );
    const died = async () => {
      for (const slot of [0, 1]) process.kill(await pidOf(pod, slot), 'SIGKILL');
      await whenEnded(pod, ended + 6);
    };
    await round(died, () => 'edge-died');
    const relayDied = async () => {
      for (const { pid } of relaysOf(pod)) process.kill(pid, 'SIGKILL');
      await eventually(async () => (await sessionsOf(pod)).sessions.every(({ via }) => via === null), {
        what: 'they are gone',
      });
    };
    await round(relayDied, ({ via }) => (via === null ? 'client-left' : 'relay-died'));
  });

  it('because their edge was asked to end, and are numbered on over a kill -9 of the pod under ids never used', async (t) => {
    const pod = await startPod(t, { engines });
    const [edge] = await pod.spawn(1, 'fake');
    assert.ok(edge !== undefined);
    for (let i = 0; i < 3; i++) await (await connectClient(t, pod.rtmp)).served();
    const { role, slot, generation } = edge;
    await pod.command({ type: 'kill', role, slot, generation });
    const first = await whenEnded(pod, 3);
    assert.deepEqual(endsOf(first), { 'edge-stopped': 3 });
    await pod.process().stop('SIGKILL');
    await pod.start();
    await pod.command({ type: 'spawn', edge: await pod.edge(0, { generation: 2 }) });
    await eventually(async () => (await pod.state()).edges[0]?.state === 'ready', { what: 'it is ready' });
    const client = await connectClient(t, pod.rtmp);
    await client.served();
    client.socket.destroy();
    const all = await whenEnded(pod, 4);
    assert.deepEqual(
      all.map(({ n }) => n),
      [1, 2, 3, 4],
    );
    assert.equal(new Set(all.map(({ id }) => id)).size, 4);
    assert.deepEqual((await endedOf(pod, 3)).sessions, all.slice(3));
  });

  it('because the pod stopped', async (t) => {
    const pod = await startPod(t, { engines, mode: 'relay', relays: 1 });
    await pod.spawn(1, 'relayed');
    await (await connectClient(t, pod.rtmp)).served();
    await pod.process().stop('SIGTERM');
    await pod.start();
    const [ended] = await whenEnded(pod, 1);
    assert.ok(['edge-stopped', 'pod-stopped'].includes(ended?.end ?? ''), ended?.end);
  });
});
