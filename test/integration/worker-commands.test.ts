import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Heartbeat, type HostStats, MAX_COMMAND_BYTES, subjectsOf } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { seededRandom } from '../support/random.js';
import { command, FARM_ID, WorkerWorld } from './worker-support/worker-world.js';

const subjects = subjectsOf('main');

it('garbage on its command subject is answered with a code, starts nothing and kills nothing', async (t) => {
  const world = await WorkerWorld.start(t);
  const worker = world.startWorker();
  await eventually(() => world.ask(), { what: 'the worker answers' });
  const random = seededRandom(7);
  const bytes = (length: number) => Uint8Array.from({ length }, () => Math.floor(random() * 256));
  const good = JSON.stringify(command());
  const code = async (data: Uint8Array | string) => {
    const reply = await world.send(data);
    return reply.result === 'refused' ? reply.code : 'accepted';
  };
  for (let i = 0; i < 200; i++) assert.equal(await code(bytes(Math.floor(random() * 400))), 'E_BAD_REQUEST');
  for (let i = 0; i < 200; i++) {
    const broken = new TextEncoder().encode(good);
    broken[Math.floor(random() * broken.length)] = Math.floor(random() * 256);
    // One byte of an id or a number may change into another good one.
    assert.match(await code(broken), /^(E_[A-Z_]+|accepted)$/);
  }
  assert.equal(await code(bytes(MAX_COMMAND_BYTES + 1)), 'E_TOO_LARGE');
  assert.equal(await code(bytes(900_000)), 'E_TOO_LARGE');
  assert.equal(await code(`${'['.repeat(100_000)}`), 'E_BAD_REQUEST');
  assert.equal(worker.child.exitCode, null);
  assert.equal((await world.ask()).epoch, 1);
});

it('what is not for this farm, host or epoch is refused, not passed on, and told once as a fact', async (t) => {
  const world = await WorkerWorld.start(t);
  world.startWorker();
  await eventually(() => world.ask(), { what: 'the worker answers' });
  const refusals = [
    [command({ farmId: '7b1c1f1e-5f0b-4b57-9b53-6a1dd0f4f00f' }), 'E_FARM_MISMATCH'],
    [command({ host: 'h2' }), 'E_HOST_MISMATCH'],
    [command({ epoch: 7 }), 'E_EPOCH_STALE'],
  ] as const;
  for (const [one, code] of refusals) {
    for (let again = 0; again < 3; again++) {
      const reply = await world.send(JSON.stringify(one));
      assert.equal(reply.result === 'refused' && reply.code, code);
    }
  }
  assert.deepEqual(world.pod.commands, []);
  // A lower term is for the pod to refuse, which remembers the highest.
  world.pod.answer = () => ({ result: 'refused', code: 'E_TERM_STALE', message: 'term 1 is over: term 2 was seen' });
  const stale = command({ correlationId: 'op-1' });
  for (let again = 0; again < 3; again++) {
    const reply = await world.send(JSON.stringify({ ...stale, id: again === 0 ? stale.id : `again-${again}` }));
    assert.equal(reply.result === 'refused' && reply.code, 'E_TERM_STALE');
  }
  const expected = [...refusals.map(([one, code]) => [one.id, code]), [stale.id, 'E_TERM_STALE']];
  const facts = await eventually(
    async () => {
      const found = (await world.facts()).filter((fact) => fact.type === 'command-refused');
      return found.length >= expected.length ? found : null;
    },
    { what: 'the refusals are in the log' },
  );
  assert.deepEqual(
    facts.map((fact) => [fact.commandId, fact.code]),
    expected,
  );
  assert.equal(facts.at(-1)?.causationId, stale.id);
  assert.equal(facts.at(-1)?.correlationId, 'op-1');
});

it('adopt is answered with the full state, other commands as the pod answers them', async (t) => {
  const world = await WorkerWorld.start(t);
  world.startWorker();
  await eventually(() => world.ask(), { what: 'the worker answers' });
  world.pod.answer = (one) => ({
    ...{ result: 'accepted', already: one.term > 1 },
    ...(one.body.type === 'adopt' && { state: world.pod.state }),
  });
  const adopted = await world.send(JSON.stringify(command()));
  assert.equal(adopted.result === 'accepted' && adopted.state?.host, 'h1');
  const kill = { type: 'kill', role: 'stream', slot: 0, generation: 1 } as const;
  const again = await world.send(JSON.stringify(command({ epoch: 1, term: 2, body: kill })));
  assert.deepEqual(again, { result: 'accepted', already: true });
  assert.deepEqual(world.pod.commands.at(-1)?.body, kill);
});

it('heartbeats come each second, figures every two, and an answer to ask is the newest heartbeat', async (t) => {
  const world = await WorkerWorld.start(t);
  const heard: Heartbeat[] = [];
  const figures: HostStats[] = [];
  world.bus.subscribe(subjects.heartbeatAll, { callback: (_, message) => void heard.push(message.json()) });
  world.bus.subscribe(subjects.statsAll, { callback: (_, message) => void figures.push(message.json()) });
  await world.bus.flush();
  world.pod.happen(2);
  world.startWorker();
  await eventually(() => heard.length >= 3 && figures.length >= 2, { what: 'heartbeats and figures come' });
  const { farmId, host, epoch, address, pod } = Heartbeat.parse(heard.at(-1));
  assert.deepEqual([farmId, host, epoch, address], [FARM_ID, 'h1', 1, '127.0.0.1']);
  assert.equal(pod?.pid, process.pid);
  await eventually(async () => (await world.ask()).upTo === 2, { what: 'it says how far the log reaches' });
  const last = figures.at(-1);
  assert.ok(last && last.memoryBytes > last.memoryFreeBytes && last.memoryFreeBytes > 0);
  assert.ok(last.cpuPercent >= 0 && last.cpuPercent <= 100);
});
