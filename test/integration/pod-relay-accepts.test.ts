import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { fromRoot } from '../support/paths.js';
import { isAlive, processesWith, run } from '../support/processes.js';
import { endsOf, sessionsOf, whenEnded } from './pod-support/sessions.js';
import { connectClient, fakeBinary, startPod, type TestClient, type TestPod } from './pod-support/test-pod.js';

const engines = (dir: string) => [`fake=${fakeBinary(dir, 'relay')}`];
const relaysOf = (pod: TestPod) =>
  processesWith(pod.runDir).filter(({ command }) => command.startsWith('dolphin-relay'));

/** The relay processes, when so many are there. */
function relays(pod: TestPod, count: number): Promise<number[]> {
  return eventually(
    () => {
      const found = relaysOf(pod).map(({ pid }) => pid);
      return found.length === count && found;
    },
    { what: `${count} relay processes run` },
  );
}

/** What is answered on a port, up to the end of the connection. */
function ask(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    // A connection that is closed with unread words is reset.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

describe('relay processes that accept for themselves', () => {
  it('leave who connects in the backlog while none of them is there', async (t) => {
    const pod = await startPod(t, { engines, mode: 'relay', relays: 1 });
    await pod.spawn(1, 'fake');
    const [first = 0] = await relays(pod, 1);
    const carried = await connectClient(t, pod.rtmp);
    await carried.served();
    process.kill(first, 'SIGKILL');
    // At once: the next one starts in a tenth of a second.
    const waiting = await connectClient(t, pod.rtmp);
    assert.equal((await waiting.served()).how, 'relay');
    await carried.closed;
    assert.deepEqual(endsOf(await whenEnded(pod, 1)), { 'relay-died': 1 });
    assert.deepEqual((await pod.state()).refused, {});
  });

  it('serve newcomers beside one that stands still', async (t) => {
    const pod = await startPod(t, { engines, mode: 'relay', relays: 2 });
    await pod.spawn(1, 'fake');
    const [still = 0] = await relays(pod, 2);
    process.kill(still, 'SIGSTOP');
    t.after(() => isAlive(still) && process.kill(still, 'SIGKILL'));
    for (let i = 0; i < 5; i++) await (await connectClient(t, pod.rtmp)).served();
    assert.equal((await sessionsOf(pod)).total, 5);
  });

  it('never give two clients one number, also over a restart', async (t) => {
    const pod = await startPod(t, { engines, mode: 'relay', relays: 3 });
    await pod.spawn(2, 'fake');
    const [first = 0] = await relays(pod, 3);
    const clients: TestClient[] = [];
    const serve = async () => {
      for (let i = 0; i < 20; i++) {
        const client = await connectClient(t, pod.rtmp);
        await client.served();
        clients.push(client);
      }
    };
    await serve();
    const before = await sessionsOf(pod);
    assert.equal(new Set(before.sessions.map(({ id }) => id)).size, 20);
    process.kill(first, 'SIGKILL');
    await eventually(() => !isAlive(first), { what: 'it is dead' });
    await serve();
    const { sessions } = await eventually(
      async () => {
        const page = await sessionsOf(pod);
        return page.total === clients.filter((client) => !client.isClosed()).length && page;
      },
      { what: 'those whose relay died are counted no more' },
    );
    assert.equal(new Set([...before.sessions, ...sessions].map(({ id }) => id)).size, 40);
  });

  it('let the pod refuse: HTTP with an answer, RTMP by close, counted by reason', async (t) => {
    const config = 'limits:\n  clients: 2\n';
    const pod = await startPod(t, { engines, mode: 'relay', relays: 1, config });
    await pod.spawn(1, 'fake');
    for (let i = 0; i < 2; i++) await (await connectClient(t, pod.rtmp)).served();
    const answer = await ask(pod.http, 'GET /live/x.flv HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match(answer, /^HTTP\/1\.1 503 /);
    assert.match(answer, /Retry-After: \d+/i);
    assert.match(answer, /"code":"E_LIMITED"/);
    assert.equal(await ask(pod.rtmp, '\x03hello\n'), '');
    // One that says nothing is not waited for.
    assert.equal(await ask(pod.rtmp, ''), '');
    assert.deepEqual((await pod.state()).refused, { 'limit-clients': 3 });
    assert.equal((await sessionsOf(pod)).total, 2);
  });

  it('keep who waits for an edge, and tell of those who leave by then', async (t) => {
    const pod = await startPod(t, { engines, mode: 'relay', relays: 1 });
    const kept = await connectClient(t, pod.rtmp);
    await eventually(async () => (await sessionsOf(pod)).total === 1, { what: 'it is a session' });
    await pod.spawn(1, 'fake').catch(() => undefined);
    const outcome = await eventually(() => (kept.isClosed() ? 'refused' : kept.text() !== '' && 'served'), {
      what: 'it is served, or refused after the two seconds that it may wait',
    });
    if (outcome === 'refused') assert.deepEqual((await pod.state()).refused, { 'no-edge': 1 });
    else assert.equal((await sessionsOf(pod)).sessions[0]?.edge, 'stream-0');
  });

  it('kick one that waits', async (t) => {
    const pod = await startPod(t, { engines, mode: 'relay', relays: 1 });
    const client = await connectClient(t, pod.rtmp);
    const id = await eventually(async () => (await sessionsOf(pod)).sessions[0]?.id, { what: 'it is a session' });
    await pod.call('DELETE', `/v1/sessions/${id}`);
    await client.closed;
    const { refused } = await pod.state();
    // It may have been late: then it was refused before.
    if (Object.keys(refused).length === 0) assert.deepEqual(endsOf(await whenEnded(pod, 1)), { kicked: 1 });
  });

  it('ask a pod that stands still when it goes on', async (t) => {
    const pod = await startPod(t, { engines, mode: 'relay', relays: 1 });
    await pod.spawn(1, 'fake');
    pod.process().kill('SIGSTOP');
    const client = await connectClient(t, pod.rtmp);
    assert.equal(client.text(), '');
    pod.process().kill('SIGCONT');
    assert.equal((await client.served()).how, 'relay');
  });

  it('find a taken port before the pod serves', async (t) => {
    const pod = await startPod(t, { engines, mode: 'relay', relays: 1 });
    const second = await run(t, fromRoot('bin/dolphin-pod'), [
      ...['--run-dir', `${pod.dir}/second`, '--host', 'h2', '--mode', 'relay'],
      ...['--rtmp', String(pod.rtmp), '--http', '2'],
    ]);
    assert.equal(second.code, 69);
    assert.match(second.stderr, /E_PORT_TAKEN|is taken/);
    await pod.spawn(1, 'fake');
    await (await connectClient(t, pod.rtmp)).served();
  });

  it('are gone with the ports when the pod stops', async (t) => {
    const pod = await startPod(t, { engines, mode: 'relay', relays: 2 });
    await pod.spawn(1, 'fake');
    const pids = await relays(pod, 2);
    const client = await connectClient(t, pod.rtmp);
    await client.served();
    assert.equal((await pod.call('POST', '/v1/stop?deadlineMs=600000')).status, 202);
    await eventually(
      () =>
        new Promise<boolean>((resolve) => {
          const socket = connect({ port: pod.rtmp, host: '127.0.0.1' }, () => {
            socket.destroy();
            resolve(false);
          });
          socket.on('error', () => resolve(true));
        }),
      { what: 'its port is closed' },
    );
    assert.equal(client.isClosed(), false);
    client.socket.destroy();
    assert.equal((await pod.process().ends()).code, 0);
    assert.ok(pids.every((pid) => !isAlive(pid)));
  });
});
