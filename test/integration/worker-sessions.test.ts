import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { it } from 'node:test';
import { createSessionsStream, JetStreamSessionHistory } from '@dolphin/eventlog';
import { type SessionBatch, subjectsOf } from '@dolphin/protocol';
import { headers } from 'nats';
import type { TestScope } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import { endedSession } from '../unit/worker/ended-session.js';
import { WorkerWorld } from './worker-support/worker-world.js';

/** A worker's world, and what it has shipped. */
async function start(t: TestScope) {
  const world = await WorkerWorld.start(t);
  await createSessionsStream(world.bus, 'main');
  const history = await JetStreamSessionHistory.open(world.bus, 'main');
  const batches = async (): Promise<SessionBatch[]> => {
    const found: SessionBatch[] = [];
    for await (const { batch } of history.readBack({ host: 'h1' })) {
      assert.ok(batch !== null);
      found.unshift(batch);
    }
    return found;
  };
  /** `number id`, as they were stored. */
  const shipped = async () => (await batches()).flatMap(({ sessions }) => sessions.map(({ n, id }) => `${n} ${id}`));
  const until = (count: number) =>
    eventually(async () => (await shipped()).length >= count, { what: `${count} sessions are shipped` });
  return { world, history, batches, shipped, until };
}

const held = (world: WorkerWorld) => world.pod.ended.map(({ n, id }) => `${n} ${id}`);
const gaps = (batches: readonly SessionBatch[]) =>
  batches.map(({ after, upTo, sessions, countsAnew }) => [after, upTo, upTo - after - sessions.length, countsAnew]);

it('sessions that end while NATS is away are shipped once when it is back', async (t) => {
  const { world, shipped, until } = await start(t);
  const worker = world.startWorker();
  world.pod.end(3);
  await until(3);
  for (let outage = 0; outage < 2; outage++) {
    await world.nats.crash();
    world.pod.end(900);
    await world.nats.restart();
    world.pod.end(2);
    await until(world.pod.ended.length);
  }
  assert.deepEqual(await shipped(), held(world));
  assert.equal(worker.child.exitCode, null);
});

it('a worker that is killed again and again while it ships tells of each session once, in order', async (t) => {
  const { world, batches, shipped, until } = await start(t);
  const ticking = setInterval(() => world.pod.end(15), 20);
  try {
    for (let life = 1; life <= 3; life++) {
      const before = (await shipped()).length;
      const worker = world.startWorker();
      await eventually(async () => (await shipped()).length > before, { what: 'more is shipped', pollMs: 1 });
      await worker.stop('SIGKILL');
    }
  } finally {
    clearInterval(ticking);
  }
  world.startWorker();
  await until(world.pod.ended.length);
  assert.deepEqual(await shipped(), held(world));
  const all = await batches();
  assert.deepEqual(
    all.slice(1).map(({ after }) => after),
    all.slice(0, -1).map(({ upTo }) => upTo),
    'each batch begins where the one before ended',
  );
});

it('a batch whose acknowledgement does not come is told of once', async (t) => {
  const { world, shipped, until } = await start(t);
  const proxy = await startFaultProxy(t, world.nats.port);
  const worker = world.startWorker({ url: `nats://127.0.0.1:${proxy.port}` });
  world.pod.end(1);
  await until(1);
  proxy.holdServer();
  world.pod.end(1);
  // On a machine that stands still the worker may notice first that nothing comes back.
  await eventually(async () => (await shipped()).length === 2 || worker.output().includes('disconnected from NATS'), {
    what: 'it is stored, the worker does not know',
  });
  world.pod.end(3);
  proxy.cut();
  await until(5);
  assert.deepEqual(await shipped(), held(world));
});

it('what the pod no longer holds when it can be shipped is told as lost', async (t) => {
  const { world, batches, until } = await start(t);
  const worker = world.startWorker();
  world.pod.end(5);
  await until(5);
  await worker.stop('SIGKILL');
  world.pod.end(100);
  world.pod.ended = world.pod.ended.slice(60);
  const next = world.startWorker();
  await until(50);
  assert.deepEqual(gaps(await batches()).at(-1), [5, 105, 55, false]);
  await next.printed(/ended sessions were lost before they could be shipped/);
});

it('a pod that lost the end of its file counts anew, and what it kept is not shipped again', async (t) => {
  const { world, batches, shipped, until } = await start(t);
  world.startWorker();
  world.pod.end(10);
  await until(10);
  world.pod.ended = world.pod.ended.slice(0, 7);
  world.pod.end(5, 'b');
  await until(15);
  assert.deepEqual((await shipped()).slice(9), ['10 a-10', '8 b-8', '9 b-9', '10 b-10', '11 b-11', '12 b-12']);
  assert.deepEqual(gaps(await batches()).at(-1), [7, 12, 0, true]);
});

it('a pod that lost its file counts anew from 1, also when it has come further than before', async (t) => {
  const { world, batches, shipped, until } = await start(t);
  const worker = world.startWorker();
  world.pod.end(10);
  await until(10);
  await worker.stop('SIGKILL');
  world.pod.ended = [];
  world.pod.end(30, 'b');
  world.startWorker();
  await until(40);
  assert.deepEqual((await shipped()).slice(10), held(world));
  assert.deepEqual(gaps(await batches()).at(-1), [0, 30, 0, true]);
});

it('a stream that has dropped the last message of a host for its age gets what is new', async (t) => {
  const { world, shipped, until } = await start(t);
  world.startWorker();
  world.pod.end(3);
  await until(3);
  await world.bus.request(`$JS.API.STREAM.PURGE.${subjectsOf('main').sessionsStream}`);
  world.pod.end(2);
  await until(2);
  assert.deepEqual(await shipped(), held(world).slice(3));
});

it('where there is no stream yet sessions wait, and facts do not', async (t) => {
  const world = await WorkerWorld.start(t);
  const worker = world.startWorker();
  world.pod.end(3);
  world.pod.happen(3);
  await eventually(async () => (await world.told()).length === 3, { what: 'facts are told' });
  await worker.printed(/ended sessions wait in the pod's file: E_BUS_UNAVAILABLE/);
  await createSessionsStream(world.bus, 'main');
  const history = await JetStreamSessionHistory.open(world.bus, 'main');
  await eventually(async () => (await history.tail('h1')).end?.upTo === 3, { what: 'sessions are shipped' });
});

/** With an id, as every writer gives it. */
async function append(world: WorkerWorld, subject: string, text: string): Promise<void> {
  const id = headers();
  id.set('Nats-Msg-Id', randomUUID());
  await world.bus.request(subject, text, { headers: id, timeout: 5_000 });
}

it('the last message of a host that nobody can read is not written over', async (t) => {
  const { world, history } = await start(t);
  const subject = subjectsOf('main').sessions('h1');
  // As a later version's would be: it says its numbers, and something that this one does not know.
  const later = { v: 2, upTo: 4, sessions: [{ ...endedSession(4), end: 'abducted' }] };
  await append(world, subject, JSON.stringify(later));
  world.pod.end(6);
  const worker = world.startWorker();
  await eventually(async () => (await history.tail('h1')).end?.upTo === 6, { what: 'what is new is shipped' });
  await worker.stop('SIGKILL');
  await append(world, subject, 'garbage');
  world.pod.end(1);
  const next = world.startWorker();
  await next.printed(/ended sessions wait in the pod's file: E_LOG_UNREADABLE/);
});
