import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Command, type CommandReply, DolphinError, type Fact } from '@dolphin/protocol';
import { Complaints, type Logger, silentLogger } from '@dolphin/runtime';
import { REFUSALS_PER_MINUTE } from '@dolphin/worker/app/bounds.js';
import { CommandDesk } from '@dolphin/worker/app/command-desk.js';
import type { PodFailure } from '@dolphin/worker/app/ports.js';
import { Refusals } from '@dolphin/worker/app/refusals.js';
import fc from 'fast-check';

const FARM = '7b1c1f1e-5f0b-4b57-9b53-6a1dd0f4f001';
const command = (o: Partial<Command> = {}): Command => ({
  id: 'c1',
  farmId: FARM,
  host: 'h1',
  epoch: 1,
  term: 1,
  sequence: 9,
  body: { type: 'adopt' },
  ...o,
});
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function desk(
  answer: (command: Command) => CommandReply | PodFailure | Promise<CommandReply>,
  readOnly: DolphinError | null = null,
) {
  const facts: Fact[] = [];
  const forwarded: Command[] = [];
  const clock = { time: 0, monotonic: () => clock.time };
  const said: string[] = [];
  const logger = { ...silentLogger(), warn: (_: object, text: string) => void said.push(text) } as Logger;
  const complaints = new Complaints(logger, clock);
  let ids = 0;
  const add = async (fact: Fact) => void facts.push(fact);
  const refusals = new Refusals({ add, clock, complaints, newId: () => `id-${++ids}` });
  const theDesk = new CommandDesk({
    pod: {
      command: async (one) => {
        forwarded.push(one);
        return answer(one);
      },
    },
    refusals,
    complaints,
    me: () => ({ farmId: FARM, host: 'h1', epoch: 1 }),
    standing: () => ({ readOnly, isLeaving: false }),
    onAccepted: () => undefined,
  });
  return { desk: theDesk, facts, forwarded, clock, said };
}

const accepted: CommandReply = { result: 'accepted', already: false };
const stale: CommandReply = { result: 'refused', code: 'E_TERM_STALE', message: 'term 1 is over' };

describe('the command desk', () => {
  it('passes a command on as it came, and the answer back', async () => {
    const { desk: it, facts, forwarded } = desk(() => accepted);
    assert.deepEqual(await it.answer(bytes(command())), accepted);
    assert.deepEqual(forwarded, [command()]);
    assert.deepEqual(facts, []);
  });

  it('says why the leader places nothing on this host', async () => {
    const { desk: it, said } = desk(() => accepted);
    const problem = { code: 'E_ORIGIN_LOOPBACK', message: 'the origin is elsewhere' };
    assert.deepEqual(await it.answer(bytes(command({ body: { type: 'adopt', problem } }))), accepted);
    assert.match(said.join(), /nothing is placed on this host: E_ORIGIN_LOOPBACK/);
  });

  it('of a host that is read-only takes adopt alone, and passes nothing else on', async () => {
    const unreadable = new DolphinError('E_LOG_UNREADABLE', { sequence: 7, why: 'not JSON' });
    const { desk: it, facts, forwarded } = desk(() => accepted, unreadable);
    assert.deepEqual(await it.answer(bytes(command())), accepted);
    const kill = command({ body: { type: 'kill', role: 'stream', slot: 0, generation: 1 } });
    assert.deepEqual(await it.answer(bytes(kill)), {
      result: 'refused',
      code: 'E_LOG_UNREADABLE',
      message: unreadable.message,
    });
    assert.deepEqual([forwarded.length, facts.length], [1, 1]);
  });

  it('tells a refusal once, however often the leader sends the command again', async () => {
    const { desk: it, facts } = desk(() => stale);
    for (const id of ['a', 'b', 'b', 'c']) assert.deepEqual(await it.answer(bytes(command({ id }))), stale);
    assert.equal(facts.length, 1);
    await it.answer(bytes(command({ id: 'd', sequence: 10 })));
    assert.equal(facts.length, 2);
  });

  it('does not pass on what is not meant for it', async () => {
    const { desk: it, facts, forwarded } = desk(() => accepted);
    const reply = await it.answer(bytes(command({ epoch: 7 })));
    assert.equal(reply?.result === 'refused' && reply.code, 'E_EPOCH_STALE');
    assert.deepEqual(forwarded, []);
    assert.equal(facts.length, 1);
  });

  it('refuses with E_POD_DOWN when the pod does not answer', async () => {
    const { desk: it } = desk(() => ({ failed: 'silent', why: 'no answer' }));
    const reply = await it.answer(bytes(command()));
    assert.equal(reply?.result === 'refused' && reply.code, 'E_POD_DOWN');
  });

  it('puts no more refusals into the log than a minute should bear', async () => {
    const { desk: it, facts, clock } = desk(() => stale);
    const flood = async (from: number) => {
      for (let sequence = from; sequence < from + 3 * REFUSALS_PER_MINUTE; sequence++) {
        assert.deepEqual(await it.answer(bytes(command({ sequence }))), stale, 'answered all the same');
      }
    };
    await flood(0);
    assert.equal(facts.length, REFUSALS_PER_MINUTE);
    clock.time += 60_000;
    await flood(10_000);
    assert.equal(facts.length, 2 * REFUSALS_PER_MINUTE);
  });

  it('asks the pod one command at a time, in the order in which they came', async () => {
    let under = 0;
    const { desk: it, forwarded } = desk(async () => {
      assert.equal(++under, 1);
      await new Promise((resolve) => setImmediate(resolve));
      under--;
      return accepted;
    });
    const ids = ['a', 'b', 'c', 'd'];
    await Promise.all(ids.map((id) => it.answer(bytes(command({ id })))));
    assert.deepEqual(
      forwarded.map(({ id }) => id),
      ids,
    );
  });

  it('answers garbage with a code and passes nothing on', async () => {
    const { desk: it, facts, forwarded } = desk(() => accepted);
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
      fc.object().map((value) => bytes({ ...command(), body: value })),
    );
    await fc.assert(
      fc.asyncProperty(garbage, async (data) => {
        const reply = await it.answer(data);
        assert.ok(reply?.result === 'refused' && /^E_[A-Z_]+$/.test(reply.code));
      }),
    );
    assert.deepEqual([facts, forwarded], [[], []]);
  });
});
