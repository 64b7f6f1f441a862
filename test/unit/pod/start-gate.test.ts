import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_HOLD_MS, StartGate } from '@dolphin/pod/app/start-gate.js';
import fc from 'fast-check';

/** All promises that can be settled now are. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

function setUp(cores: number) {
  const timers: { ms: number; fn: () => void }[] = [];
  const gate = new StartGate(cores, {
    monotonic: () => 0,
    after: (ms, fn) => {
      const timer = { ms, fn };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer), 1);
    },
  });
  const entered: string[] = [];
  const leave = new Map<string, () => void>();
  const come = (name: string, urgent = false) => {
    const ticket = gate.enter({ urgent });
    void ticket.entered.then((left) => {
      entered.push(left === null ? `${name} called off` : name);
      if (left !== null) leave.set(name, left);
    });
    return ticket;
  };
  return { gate, timers, entered, leave, come };
}

describe('the gate that edges start through', () => {
  it('lets two in for each core, and the next when one leaves, urgent ones first', async () => {
    const { entered, leave, come, timers } = setUp(1);
    for (const name of ['a', 'b', 'c']) come(name);
    come('back-source', true);
    await turn();
    assert.deepEqual(entered, ['a', 'b']);
    leave.get('a')?.();
    leave.get('a')?.();
    await turn();
    assert.deepEqual(entered, ['a', 'b', 'back-source']);
    leave.get('b')?.();
    await turn();
    assert.deepEqual(entered, ['a', 'b', 'back-source', 'c']);
    for (const name of ['back-source', 'c']) leave.get(name)?.();
    assert.equal(timers.length, 0);
  });

  it('goes on without one that does not become ready', async () => {
    const { entered, timers, come } = setUp(1);
    for (const name of ['a', 'b', 'c']) come(name);
    await turn();
    assert.deepEqual([entered, timers[0]?.ms], [['a', 'b'], MAX_HOLD_MS]);
    timers[0]?.fn();
    await turn();
    assert.deepEqual(entered, ['a', 'b', 'c']);
  });

  it('answers at once one that is called off while it waits, and gives its place to nobody', async () => {
    const { entered, leave, come } = setUp(1);
    const [first] = ['a', 'b'].map((name) => come(name));
    come('c').callOff();
    come('d');
    first?.callOff();
    await turn();
    assert.deepEqual(entered.sort(), ['a', 'b', 'c called off']);
    leave.get('a')?.();
    await turn();
    assert.ok(entered.includes('d'));
  });

  it('never has more inside than it may, and lets everybody in at last', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.record({ urgent: fc.boolean(), callsOff: fc.boolean() }), { maxLength: 40 }),
        async (cores, comers) => {
          const { gate } = setUp(cores);
          let inside = 0;
          const all = comers.map(async ({ urgent, callsOff }) => {
            const ticket = gate.enter({ urgent });
            if (callsOff) ticket.callOff();
            const leave = await ticket.entered;
            if (leave === null) return;
            inside += 1;
            assert.ok(inside <= cores * 2);
            await turn();
            inside -= 1;
            leave();
          });
          await Promise.all(all);
          assert.equal(inside, 0);
        },
      ),
    );
  });
});
