import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createLog } from '@dolphin/eventlog';
import { type FactEnvelope, subjectsOf } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import { command, createFarm, FARM_ID, WorkerWorld } from './worker-support/worker-world.js';

async function allTold(world: WorkerWorld): Promise<void> {
  const count = world.pod.happenings.length;
  await eventually(async () => (await world.told()).length >= count, {
    what: `${count} happenings are told`,
  });
  assert.deepEqual(
    await world.told(),
    world.pod.happenings.map(({ fact }) => fact.id),
    'all, once, in order',
  );
}

it('the log is told what a host is when it joins: address, labels, capacity, engines', async (t) => {
  const world = await WorkerWorld.start(t);
  const own = ['--label', 'zone=a', '--label', 'disk=ssd', '--capacity', '3', '--engine', 'srs5=/usr/bin/srs'];
  const worker = world.startWorker({ args: ['--address', '127.0.0.9', ...own] });
  const joined = await eventually(async () => (await world.facts()).find(({ type }) => type === 'host-joined'), {
    what: 'it joined',
  });
  assert.ok(joined.type === 'host-joined');
  const { address, labels, capacity, engines } = joined;
  assert.deepEqual(
    { address, labels, capacity, engines },
    { address: '127.0.0.9', labels: { zone: 'a', disk: 'ssd' }, capacity: 3, engines: ['builtin', 'srs5'] },
  );
  assert.equal((await worker.stop()).code, 0);
});

it('a worker that is killed again and again between its appends tells each thing once, in order', async (t) => {
  const world = await WorkerWorld.start(t);
  const ticking = setInterval(() => world.pod.happen(3), 5);
  const refused: string[] = [];
  try {
    for (let life = 1; life <= 4; life++) {
      const worker = world.startWorker();
      await eventually(async () => (await world.epochs()).length === life, { what: `life ${life} has joined` });
      const before = (await world.told()).length;
      // Answered means noted: its fact must be in the log in the end, whenever the worker dies after that.
      const stale = command({ epoch: 99, sequence: life });
      const reply = await eventually(() => world.send(JSON.stringify(stale)), { what: 'a command is answered' });
      assert.equal(reply.result === 'refused' && reply.code, 'E_EPOCH_STALE');
      refused.push(stale.id);
      if (life % 2 === 0) {
        await eventually(async () => (await world.told()).length > before, { what: 'more is told', pollMs: 1 });
      }
      await worker.stop('SIGKILL');
    }
  } finally {
    clearInterval(ticking);
  }
  world.startWorker();
  await allTold(world);
  const told = await eventually(
    async () => {
      const found = (await world.facts()).flatMap((fact) => (fact.type === 'command-refused' ? [fact.commandId] : []));
      return found.length >= refused.length ? found : null;
    },
    { what: 'every refusal is told' },
  );
  assert.deepEqual(told, refused);
  assert.deepEqual(await world.epochs(), [1, 2, 3, 4, 5]);
});

it('while NATS is away facts wait, and are told once when it is back, in the same epoch', async (t) => {
  const world = await WorkerWorld.start(t);
  const worker = world.startWorker();
  world.pod.happen(5);
  await allTold(world);
  for (let outage = 0; outage < 2; outage++) {
    await world.nats.crash();
    world.pod.happen(5);
    await world.nats.restart();
    world.pod.happen(5);
    await allTold(world);
  }
  assert.deepEqual(await world.epochs(), [1]);
  assert.equal(worker.child.exitCode, null);
  const envelopes = await world.envelopes();
  assert.deepEqual(
    envelopes.map(({ upTo }) => upTo),
    envelopes.map(({ upTo }) => upTo).sort((a, b) => a - b),
    'upTo never falls',
  );
});

it('an append whose acknowledgement does not come is settled before the next, and told once', async (t) => {
  const world = await WorkerWorld.start(t);
  const proxy = await startFaultProxy(t, world.nats.port);
  world.startWorker({ url: `nats://127.0.0.1:${proxy.port}` });
  world.pod.happen(1);
  await allTold(world);
  proxy.holdServer();
  world.pod.happen(1);
  await eventually(async () => (await world.told()).length === 2, { what: 'it is stored, the worker does not know' });
  world.pod.happen(3);
  proxy.cut();
  await allTold(world);
  assert.deepEqual(await world.epochs(), [1]);
});

it('a worker that finds the log without what it had acknowledged joins again, and tells again', async (t) => {
  const world = await WorkerWorld.start(t);
  world.startWorker();
  world.pod.happen(3);
  await allTold(world);
  // As a store that was lost and made again by the farm's operator would be: the same farm, nothing of the host.
  await world.bus.request(`$JS.API.STREAM.DELETE.${subjectsOf('main').logStream}`);
  await createLog(world.bus, 'main');
  await createFarm(world.log, FARM_ID);
  world.pod.happen(1);
  await allTold(world);
  assert.deepEqual(await world.epochs(), [2]);
});

it('a worker stands down when another has joined under its name, also while it has nothing to say', async (t) => {
  const world = await WorkerWorld.start(t);
  const worker = world.startWorker();
  await eventually(async () => (await world.epochs()).length === 1, { what: 'it joined' });
  const subject = subjectsOf('main').logHost('h1');
  const { newest: last } = await world.log.tailOn(subject);
  const entry = { type: 'host-joined' as const, id: 'other', epoch: 2, version: '0', rtmp: [], http: [] };
  const envelope: FactEnvelope = {
    ...{ v: 1, kind: 'facts', farmId: FARM_ID, at: new Date().toISOString(), host: 'h1', epoch: 2, upTo: 0 },
    entries: [entry],
  };
  await world.log.append(subject, envelope, { expectedLast: last?.sequence ?? 0, messageId: 'other' });
  assert.deepEqual(await worker.ends(), { code: 73, signal: null });
  assert.match(worker.stderr(), /host id h1 is in use by another worker/);
});
