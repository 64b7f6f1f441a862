import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decideDrain, LEAVE_WITHIN_MS } from '@dolphin/pod/domain/drain-rules.js';
import {
  type EdgeEffect,
  type EdgeEvent,
  type EdgeMachine,
  NEW_EDGE,
  stepEdge,
} from '@dolphin/pod/domain/edge-machine.js';
import { DEFAULT_RESTART_POLICY } from '@dolphin/pod/domain/restart-policy.js';
import fc from 'fast-check';

const context = { random: 0.5, policy: DEFAULT_RESTART_POLICY };
const started: EdgeEvent = { type: 'started', pid: 7 };
const isReady: EdgeEvent = { type: 'ready' };
const died: EdgeEvent = { type: 'exited', code: null, signal: 'SIGKILL', stderr: [] };
const failed: EdgeEvent = { type: 'start-failed', code: 'E_CONF', message: 'x', usesAttempt: true };
const drain: EdgeEvent = { type: 'drain', deadlineMs: 5000, clients: 3 };
const empty: EdgeEvent = { type: 'drained', why: 'empty', closed: 0 };

/** Runs events one second apart. */
function live(...events: EdgeEvent[]): { machine: EdgeMachine; effects: EdgeEffect[] } {
  let machine = NEW_EDGE;
  const effects: EdgeEffect[] = [];
  events.forEach((event, index) => {
    const step = stepEdge(machine, event, { ...context, at: index * 1000 });
    machine = step.machine;
    effects.push(...step.effects);
  });
  return { machine, effects };
}
const words = (effects: readonly EdgeEffect[]) =>
  effects.map((effect) => (effect.type === 'tell' ? effect.told.type : effect.type));

describe('an edge that is to be drained', () => {
  it('drains until its last client has left, then ends', () => {
    const { machine, effects } = live(started, isReady, drain);
    assert.equal(machine.phase, 'draining');
    assert.equal(machine.drainUntil, 7000);
    assert.deepEqual(effects.at(-1), {
      type: 'tell',
      told: { type: 'edge-draining', deadlineMs: 5000, clients: 3 },
    });
    const over = live(started, isReady, drain, empty, died);
    assert.equal(over.machine.phase, 'exited');
    assert.deepEqual(words(over.effects).slice(3), ['edge-drained', 'terminate', 'edge-exited', 'gone']);
  });

  it('is ready again by an undrain that comes in time, and not by one that comes late', () => {
    const back: EdgeEvent = { type: 'undrain', clients: 2 };
    const { machine, effects } = live(started, isReady, drain, back);
    assert.equal(machine.phase, 'ready');
    assert.equal(machine.drainUntil, null);
    assert.deepEqual(effects.at(-1), { type: 'tell', told: { type: 'edge-undrained', clients: 2 } });
    const late = live(started, isReady, drain, empty, back);
    assert.equal(late.machine.phase, 'stopping');
    assert.equal(live(started, isReady, back).machine.phase, 'ready');
  });

  it('takes another deadline, earlier or later, and tells of it', () => {
    const { machine, effects } = live(started, isReady, drain, { ...drain, deadlineMs: 500 });
    assert.equal(machine.drainUntil, 3500);
    assert.equal(words(effects).filter((word) => word === 'edge-draining').length, 2);
  });

  it('is gone when its process dies, and not started again', () => {
    const { machine, effects } = live(started, isReady, drain, died);
    assert.equal(machine.phase, 'exited');
    assert.deepEqual(words(effects).slice(3), ['edge-exited', 'gone']);
    const exited = effects.flatMap((effect) => (effect.type === 'tell' ? [effect.told] : [])).at(-1);
    assert.ok(exited?.type === 'edge-exited' && !exited.asked && exited.wasReady);
  });

  it('is killed when it is of no use, and is then gone', () => {
    const { effects } = live(started, isReady, drain, { type: 'unhealthy', why: 'frozen' }, died);
    assert.deepEqual(words(effects).slice(3), ['edge-unhealthy', 'kill', 'edge-exited', 'gone']);
    const told = { type: 'edge-unhealthy', pid: 7, why: 'frozen', killed: true } as const;
    assert.deepEqual(effects[3], { type: 'tell', told });
  });

  it('ends at once when it is killed meanwhile', () => {
    const { machine, effects } = live(started, isReady, drain, { type: 'stop' }, empty);
    assert.equal(machine.phase, 'stopping');
    assert.deepEqual(words(effects).slice(3), ['terminate']);
  });

  it('has no client, and ends at once, when it is not ready: starting, between two tries, given up', () => {
    const drained = ['edge-draining', 'edge-drained'];
    assert.deepEqual(words(live(started, drain, died).effects).slice(1), [
      ...drained,
      'terminate',
      'edge-exited',
      'gone',
    ]);
    assert.deepEqual(words(live(drain, started, died).effects), [
      ...drained,
      'edge-started',
      'terminate',
      'edge-exited',
      'gone',
    ]);
    assert.deepEqual(words(live(failed, drain).effects).slice(2), [...drained, 'cancel-wait', 'gone']);
    const tries = Array.from({ length: 10 }, (): EdgeEvent[] => [failed, { type: 'delay-over' }]).flat();
    const gaveUp = live(...tries);
    assert.equal(gaveUp.machine.phase, 'gave-up');
    assert.deepEqual(words(live(...tries, drain).effects).slice(-4), [...drained, 'cancel-wait', 'gone']);
    // It was asked to go before: that stands.
    assert.deepEqual(words(live(started, { type: 'stop' }, drain).effects), ['edge-started', 'terminate']);
  });

  it('never is ready again without an undrain, and ends in every case once its process does', () => {
    const event = fc.constantFrom<EdgeEvent>(
      started,
      failed,
      isReady,
      { type: 'unhealthy', why: 'w' },
      { type: 'delay-over' },
      drain,
      { ...drain, deadlineMs: 0 },
      empty,
      { type: 'drained', why: 'deadline', closed: 2 },
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), fc.array(event, { maxLength: 30 }), (before, after) => {
        let machine = live(...before, drain).machine;
        assert.notEqual(machine.phase, 'ready');
        for (const one of after) {
          machine = stepEdge(machine, one, { ...context, at: 99_000 }).machine;
          assert.notEqual(machine.phase, 'ready');
          assert.notEqual(machine.phase, 'backing-off');
        }
        // A start that was under way comes to its end, one way or the other; then the process does.
        if (machine.phase === 'starting' && machine.pid === null) {
          machine = stepEdge(machine, started, { ...context, at: 99_500 }).machine;
        }
        if (machine.pid !== null) machine = stepEdge(machine, died, { ...context, at: 100_000 }).machine;
        assert.equal(machine.phase, 'exited');
      }),
    );
  });
});

describe('clients that are to leave', () => {
  const pace = { batchClients: 200, batchEveryMs: 250 };
  const decide = (over: Partial<Parameters<typeof decideDrain>[0]>) =>
    decideDrain({ at: 1000, deadlineAt: 5000, unasked: 0, leaving: 0, lastBatchAt: null, ...over }, pace);

  it('are waited for until the deadline', () => {
    assert.deepEqual(decide({ unasked: 7 }), { type: 'wait' });
    assert.deepEqual(decide({}), { type: 'done', why: 'empty' });
  });

  it('are closed in batches after it, with pauses between', () => {
    assert.deepEqual(decide({ at: 5000, unasked: 700 }), { type: 'close', clients: 200 });
    assert.deepEqual(decide({ at: 5100, unasked: 500, lastBatchAt: 5000 }), { type: 'wait' });
    assert.deepEqual(decide({ at: 5250, unasked: 500, leaving: 9, lastBatchAt: 5000 }), {
      type: 'close',
      clients: 200,
    });
    assert.deepEqual(decide({ at: 9000, lastBatchAt: 5000 }), { type: 'done', why: 'deadline' });
  });

  it('that do not go though they were told to are not waited for for ever', () => {
    assert.deepEqual(decide({ at: 5100, leaving: 4, lastBatchAt: 5000 }), { type: 'wait' });
    assert.deepEqual(decide({ at: 5000 + LEAVE_WITHIN_MS, leaving: 4, lastBatchAt: 5000 }), {
      type: 'done',
      why: 'deadline',
    });
  });

  it('are all told to go within the time that their number takes, and it is over', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.integer({ min: 1, max: 500 }), fc.boolean(), (clients, batchClients, listen) => {
        const own = { batchClients, batchEveryMs: 250 };
        let unasked = clients;
        let leaving = 0;
        let lastBatchAt: number | null = null;
        const most = Math.ceil(clients / batchClients) * 250 + LEAVE_WITHIN_MS + 250;
        for (let at = 1000; ; at += 50) {
          assert.ok(at <= 1000 + most);
          const step = decideDrain({ at, deadlineAt: 1000, unasked, leaving, lastBatchAt }, own);
          if (step.type === 'done') break;
          if (step.type !== 'close') continue;
          assert.ok(step.clients >= 1 && step.clients <= batchClients);
          unasked -= step.clients;
          if (!listen) leaving += step.clients;
          lastBatchAt = at;
        }
        assert.equal(unasked, 0);
      }),
    );
  });
});
