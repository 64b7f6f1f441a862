import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { Command, CommandReply, type EdgeView, subjectsOf } from '@dolphin/protocol';
import { Redis } from 'ioredis';
import { connect } from 'nats';
import { onCleanup, type TestScope } from '../support/cleanup.js';
import { DEADLINE_MS, eventually } from '../support/eventually.js';
import { TestFarm } from '../support/farm.js';
import { RawNats } from '../support/raw-nats.js';

const subjects = subjectsOf('main');

it('the commands and the views of a farm', async (t) => {
  const farm = await TestFarm.start(t, { edges: 4 });

  await t.test(
    'who listens on a raw socket sees an apply from 4 to 8 send four spawns, which sent again start nothing',
    async (t) => {
      const before = new Set((await farm.streamEdges()).map(({ pid }) => pid));
      const raw = await RawNats.connect(t, farm.nats.url);
      await raw.subscribe('dolphin.main.command.>');
      await farm.apply(8);
      const view = await farm.ready(8);

      const sent = raw.messages.map(({ subject, reply, payload }) => {
        assert.equal(subject, `dolphin.main.command.${farm.host}`);
        assert.match(reply ?? '', /^dolphin\.main\.reply\.h1\./, 'a request, which its worker answers');
        return { bytes: payload, command: Command.parse(JSON.parse(payload.toString())) };
      });
      const spawns = new Map(
        sent.flatMap((one) => (one.command.body.type === 'spawn' ? [[slotOf(one.command), one]] : [])),
      );
      assert.deepEqual([...spawns.keys()].sort(), [4, 5, 6, 7], 'four new slots, four spawn commands');
      for (const { command } of spawns.values()) {
        assert.ok(command.term >= 1 && command.sequence >= 1, 'it carries its term and decision');
      }
      const added = view.edges.filter(({ role, slot }) => role === 'stream' && spawns.has(slot));
      const pids = new Set(added.map(({ pid }) => pid).filter((pid) => !before.has(pid)));
      assert.equal(pids.size, 4, 'four new processes');

      const nc = await connect({ servers: farm.nats.url });
      onCleanup(t, () => nc.close());
      for (const [slot, { bytes }] of spawns) {
        const reply = await nc.request(subjects.command(farm.host), bytes, { timeout: DEADLINE_MS });
        const answer = reply.json<CommandReply>();
        // Where the machine stood still, another term may have begun: then these bytes are refused, and start nothing either.
        if (answer.result === 'refused') assert.equal(answer.code, 'E_TERM_STALE');
        else assert.deepEqual(answer, { result: 'accepted', already: true });
        const edge = (await farm.podState()).edges.find((e) => e.role === 'stream' && e.slot === slot);
        assert.equal(edge?.pid, view.edges.find((e) => e.role === 'stream' && e.slot === slot)?.pid);
      }
      const starts = (await farm.happenings()).happenings.filter((h) => h.fact.type === 'edge-started');
      assert.equal(starts.length, 9, 'eight stream edges and the back source, each started once');
      assert.deepEqual(raw.errors, []);
    },
  );

  await t.test(
    'deleting Redis data and snapshots loses nothing, and commands made by hand are refused, each once as a fact',
    async (t) => {
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

      const after = await farm.ready(8);
      assert.equal(after.specVersion, before.specVersion);
      assert.deepEqual(after.spec, before.spec);
      assert.deepEqual(
        after.edges.map(({ role, slot, generation, pid }) => ({ role, slot, generation, pid })),
        before.edges.map(({ role, slot, generation, pid }) => ({ role, slot, generation, pid })),
        'the same processes, in the same generations',
      );
      await eventually(async () => (await farm.view()).sequence > before.sequence, { what: 'sequences go on' });
      await farm.apply(9);
      const last = await farm.ready(9);
      assert.equal(last.specVersion, before.specVersion + 1);
      await refusesHandMade(t, farm);
    },
  );
});

/** This master is the farm's second leader; the first slot gets its second generation. */
async function refusesHandMade(t: TestScope, farm: TestFarm): Promise<void> {
  const { status } = await farm.request('POST', `/api/v1/edges/${farm.host}/stream-0/kill`, { who: 'test' });
  assert.equal(status, 200);
  const at = (edges: readonly EdgeView[]) => edges.find(({ role, slot }) => role === 'stream' && slot === 0);
  const edge = await eventually(
    async () => {
      const found = at((await farm.ready(9)).edges);
      return found?.generation === 2 && found;
    },
    { what: 'the first slot is in its second generation' },
  );
  const { farmId, hosts } = await farm.view();
  const nc = await connect({ servers: farm.nats.url });
  onCleanup(t, () => nc.close());
  const { role, slot, engine, ports, origins } = edge;
  const handMade = async (id: string, more: Partial<Command>) => ({
    ...{ id, farmId, host: farm.host, epoch: hosts[0]?.epoch, term: (await farm.podState()).term, sequence: 1_000_000 },
    body: { type: 'spawn', edge: { role, slot, generation: 2, engine, ports, origins } },
    ...more,
  });
  const older = { type: 'spawn', edge: { role, slot, generation: 1, engine, ports, origins } } as const;
  const refusals = [
    ['lower-term', { term: 1 }, 'E_TERM_STALE'],
    ['other-farm', { farmId: '7b1c1f1e-5f0b-4b57-9b53-6a1dd0f4f00f' }, 'E_FARM_MISMATCH'],
    ['older-generation', { body: older }, 'E_GENERATION_STALE'],
  ] as const;
  const starts = async () =>
    (await farm.happenings()).happenings.filter(({ fact }) => fact.type === 'edge-started').length;
  const startsBefore = await starts();
  for (const [id, more, code] of refusals) {
    // A leader that loses its lease on a stalled machine, and gets it again, is in another term.
    const body = await eventually(
      async () => {
        const command = JSON.stringify(await handMade(id, more));
        const reply = CommandReply.parse(
          (await nc.request(subjects.command(farm.host), command, { timeout: DEADLINE_MS })).json(),
        );
        assert.equal(reply.result, 'refused', id);
        return reply.result === 'refused' && reply.code === code && command;
      },
      { what: `${id} is refused with ${code}` },
    );
    for (let again = 0; again < 2; again++)
      await nc.request(subjects.command(farm.host), body, { timeout: DEADLINE_MS });
  }
  const told = await eventually(
    async () => {
      const facts = (await farm.events()).filter(({ type, data }) => type === 'command-refused' && isHandMade(data));
      return facts.length >= refusals.length && facts;
    },
    { what: 'the log tells of each' },
  );
  assert.deepEqual(
    told.map(({ data }) => [data['commandId'], data['code']]),
    refusals.map(([id, , code]) => [id, code]),
    'once each',
  );
  assert.equal(at((await farm.ready(9)).edges)?.pid, edge.pid, 'nothing was started or stopped');
  assert.equal(await starts(), startsBefore);

  function isHandMade(data: Readonly<Record<string, unknown>>): boolean {
    return refusals.some(([id]) => id === data['commandId']);
  }
}

function slotOf({ body }: Command): number {
  assert.ok(body.type === 'spawn');
  return body.edge.slot;
}
