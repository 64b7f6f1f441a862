import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StartGate } from '@dolphin/pod/app/start-gate.js';
import fc from 'fast-check';

/** All promises that can be settled now are. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the gate that edges start through', () => {
  it('lets two in for each core, and the next when one leaves, back sources first', async () => {
    const gate = new StartGate(1);
    const entered: string[] = [];
    const leave = new Map<string, () => void>();
    for (const name of ['a', 'b', 'c', 'back-source']) {
      void gate.enter({ urgent: name === 'back-source' }).then((left) => {
        entered.push(name);
        leave.set(name, left);
      });
    }
    await turn();
    assert.deepEqual(entered, ['a', 'b']);
    leave.get('a')?.();
    leave.get('a')?.();
    await turn();
    assert.deepEqual(entered, ['a', 'b', 'back-source']);
    leave.get('b')?.();
    await turn();
    assert.deepEqual(entered, ['a', 'b', 'back-source', 'c']);
  });

  it('never has more inside than it may, and lets everybody in at last', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.boolean(), { maxLength: 40 }),
        async (cores, comers) => {
          const gate = new StartGate(cores);
          let inside = 0;
          let done = 0;
          const all = comers.map(async (urgent) => {
            const leave = await gate.enter({ urgent });
            inside += 1;
            assert.ok(inside <= cores * 2);
            await turn();
            inside -= 1;
            leave();
            done += 1;
          });
          await Promise.all(all);
          assert.equal(done, comers.length);
        },
      ),
    );
  });
});
