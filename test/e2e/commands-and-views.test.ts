import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { type Command, type CommandReply, subjectsOf } from '@dolphin/protocol';
import { Redis } from 'ioredis';
import { connect } from 'nats';
import { onCleanup } from '../support/cleanup.js';
import { DEADLINE_MS, eventually } from '../support/eventually.js';
import { TestFarm } from '../support/farm.js';

const subjects = subjectsOf('main');

it('an apply sends one spawn command per new edge, and the same bytes sent again start nothing', async (t) => {
  const farm = await TestFarm.start(t, { edges: 2, redis: false });
  const nc = await connect({ servers: farm.nats.url });
  onCleanup(t, () => nc.close());
  const spawns = new Map<number, Uint8Array>();
  const subscription = nc.subscribe(subjects.command(farm.host), {
    callback: (_error, message) => {
      const command = message.json<Command>();
      if (command.body.type === 'spawn') spawns.set(command.body.edge.slot, message.data);
    },
  });
  await nc.flush();
  await farm.apply(4);
  const view = await farm.ready(4);
  subscription.unsubscribe();

  assert.deepEqual([...spawns.keys()].sort(), [2, 3], 'two new slots, two spawn commands');
  for (const [slot, bytes] of spawns) {
    const command = JSON.parse(new TextDecoder().decode(bytes)) as Command;
    assert.ok(command.term >= 1 && command.sequence >= 1, 'it carries its term and decision');
    const reply = await nc.request(subjects.command(farm.host), bytes, { timeout: DEADLINE_MS });
    const answer = reply.json<CommandReply>();
    // Where the machine stood still, another term may have begun: then these bytes are refused, and start nothing either.
    if (answer.result === 'refused') assert.equal(answer.code, 'E_TERM_STALE');
    else assert.deepEqual(answer, { result: 'accepted', already: true });
    const edge = (await farm.podState()).edges.find((e) => e.role === 'stream' && e.slot === slot);
    assert.equal(edge?.pid, view.edges.find((e) => e.role === 'stream' && e.slot === slot)?.pid);
  }
  const starts = (await farm.happenings()).happenings.filter((h) => h.fact.type === 'edge-started');
  assert.equal(starts.length, 5, 'four stream edges and the back source, each started once');
});

it('deleting Redis data and snapshots loses nothing', async (t) => {
  const farm = await TestFarm.start(t, { edges: 3 });
  const before = await farm.view();
  const redis = new Redis(farm.redis?.url ?? '');
  onCleanup(t, () => redis.disconnect());
  await eventually(async () => (await redis.keys('*')).length > 0, { what: 'the Redis view is written' });

  await redis.flushall();
  await eventually(async () => (await redis.keys('*')).length > 0, { what: 'the Redis view is written again' });
  await farm.master.stop();
  await redis.flushall();
  await rm(join(farm.dir, 'master'), { recursive: true, force: true });
  farm.startMaster();

  const after = await farm.ready(3);
  assert.equal(after.specVersion, before.specVersion);
  assert.deepEqual(after.spec, before.spec);
  assert.deepEqual(
    after.edges.map(({ role, slot, generation, pid }) => ({ role, slot, generation, pid })),
    before.edges.map(({ role, slot, generation, pid }) => ({ role, slot, generation, pid })),
    'the same processes, in the same generations',
  );
  await eventually(async () => (await farm.view()).sequence > before.sequence, { what: 'sequences go on' });
  await farm.apply(4);
  assert.equal((await farm.ready(4)).specVersion, before.specVersion + 1);
});
