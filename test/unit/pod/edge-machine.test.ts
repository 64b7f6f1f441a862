import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type EdgeEffect,
  type EdgeEvent,
  type EdgeMachine,
  FREE_RETRY_MS,
  NEW_EDGE,
  stepEdge,
} from '@dolphin/pod/domain/edge-machine.js';
import { DEFAULT_RESTART_POLICY } from '@dolphin/pod/domain/restart-policy.js';
import fc from 'fast-check';

const died: EdgeEvent = { type: 'exited', code: null, signal: 'SIGKILL', stderr: ['oh'] };

/** Runs events one second apart; gives the last machine and all effects. */
function live(...events: EdgeEvent[]): { machine: EdgeMachine; effects: EdgeEffect[] } {
  let machine = NEW_EDGE;
  const effects: EdgeEffect[] = [];
  events.forEach((event, index) => {
    const step = stepEdge(machine, event, { at: index * 1000, random: 0.5, policy: DEFAULT_RESTART_POLICY });
    machine = step.machine;
    effects.push(...step.effects);
  });
  return { machine, effects };
}
const told = (effects: readonly EdgeEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'tell' ? [effect.told] : []));
const others = (effects: readonly EdgeEffect[]) =>
  effects.filter((effect) => effect.type !== 'tell').map((effect) => effect.type);

describe('the life of an edge', () => {
  it('goes from starting to ready, and tells how long that took', () => {
    const { machine, effects } = live({ type: 'started', pid: 7 }, { type: 'ready' });
    assert.equal(machine.phase, 'ready');
    assert.deepEqual(told(effects), [
      { type: 'edge-started', pid: 7, attempt: 1 },
      { type: 'edge-ready', pid: 7, afterMs: 1000 },
    ]);
  });

  it('attributes an exit that nobody asked for, and starts again at once', () => {
    const { machine, effects } = live({ type: 'started', pid: 7 }, { type: 'ready' }, died);
    assert.equal(machine.phase, 'backing-off');
    assert.deepEqual(told(effects).at(-1), {
      type: 'edge-exited',
      pid: 7,
      asked: false,
      wasReady: true,
      code: null,
      signal: 'SIGKILL',
      uptimeMs: 2000,
      stderr: ['oh'],
    });
    assert.deepEqual(effects.at(-1), { type: 'wait', ms: 0 });
    const again = stepEdge(machine, { type: 'delay-over' }, { at: 0, random: 0, policy: DEFAULT_RESTART_POLICY });
    assert.deepEqual(again.effects, [{ type: 'start' }]);
  });

  it('tells an edge that never was ready from one that died', () => {
    const { effects } = live({ type: 'started', pid: 7 }, { ...died, code: 255, signal: null });
    const [, exited] = told(effects);
    assert.ok(exited?.type === 'edge-exited');
    assert.equal(exited.wasReady, false);
  });

  it('asks its process to end, and is gone when it has', () => {
    const { machine, effects } = live(
      { type: 'started', pid: 7 },
      { type: 'ready' },
      { type: 'stop' },
      { type: 'stop' },
      died,
    );
    assert.equal(machine.phase, 'exited');
    assert.deepEqual(others(effects), ['terminate', 'gone']);
    const exited = told(effects).at(-1);
    assert.ok(exited?.type === 'edge-exited' && exited.asked);
  });

  it('ends a process that came to be after it was asked to go', () => {
    const { effects } = live({ type: 'stop' }, { type: 'started', pid: 7 }, died);
    assert.deepEqual(others(effects), ['terminate', 'gone']);
  });

  it('is gone at once when it is asked to go between two tries', () => {
    const failed: EdgeEvent = { type: 'start-failed', code: 'E_CONF', message: 'x', usesAttempt: true };
    assert.deepEqual(others(live(failed, { type: 'stop' }).effects), ['wait', 'cancel-wait', 'gone']);
  });

  it('tries a port in passing use again for ever, and tells of it once', () => {
    const passing: EdgeEvent = { type: 'start-failed', code: 'E_PORT_TAKEN', message: 'x', usesAttempt: false };
    const many = Array.from({ length: 30 }, (): EdgeEvent[] => [passing, { type: 'delay-over' }]).flat();
    const { machine, effects } = live(...many);
    assert.equal(machine.phase, 'starting');
    assert.equal(machine.history.failures.length, 0);
    assert.equal(told(effects).length, 1);
    assert.ok(effects.every((effect) => effect.type !== 'wait' || effect.ms === FREE_RETRY_MS));
  });

  it('gives up after too many failures, and says so once', () => {
    const once: EdgeEvent[] = [{ type: 'started', pid: 7 }, died, { type: 'delay-over' }];
    const { machine, effects } = live(...Array.from({ length: 30 }, () => once).flat());
    assert.equal(machine.phase, 'gave-up');
    assert.equal(told(effects).filter(({ type }) => type === 'edge-gave-up').length, 1);
    assert.equal(told(effects).filter(({ type }) => type === 'edge-started').length, 10);
  });

  it('kills what is of no use, and counts its exit as a failure', () => {
    const { machine, effects } = live({ type: 'started', pid: 7 }, { type: 'unhealthy', why: 'no answer' }, died);
    assert.deepEqual(others(effects), ['kill', 'wait']);
    assert.equal(machine.phase, 'backing-off');
  });

  it('never has two processes, and nothing after it is gone, whatever comes in whatever order', () => {
    const event = fc.constantFrom<EdgeEvent>(
      { type: 'started', pid: 7 },
      { type: 'start-failed', code: 'E', message: 'm', usesAttempt: true },
      { type: 'start-failed', code: 'E', message: 'm', usesAttempt: false },
      { type: 'ready' },
      { type: 'unhealthy', why: 'w' },
      died,
      { type: 'delay-over' },
      { type: 'stop' },
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let machine = NEW_EDGE;
        let gone = false;
        // A start is under way from the beginning; its outcome ends that.
        let starting = true;
        for (const one of events) {
          if ((one.type === 'started' || one.type === 'start-failed') && !starting) continue;
          if (one.type === 'started' || one.type === 'start-failed') starting = false;
          const step = stepEdge(machine, one, { at: 0, random: 0, policy: DEFAULT_RESTART_POLICY });
          machine = step.machine;
          if (gone) assert.deepEqual(step.effects, []);
          for (const effect of step.effects) {
            if (effect.type === 'start') {
              assert.equal(machine.pid, null);
              assert.equal(starting, false);
              starting = true;
            }
            if (effect.type === 'gone') {
              assert.equal(machine.pid, null);
              gone = true;
            }
          }
        }
      }),
    );
  });
});
