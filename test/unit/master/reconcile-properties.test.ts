import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignedSlots, hostsOf } from '@dolphin/master/domain/farm-state.js';
import { isSettled } from '@dolphin/master/domain/farm-view.js';
import { leading } from '@dolphin/master/domain/observation.js';
import fc from 'fast-check';
import { World } from './world.js';

const HOSTS = ['h1', 'h2', 'h3'];
const host = fc.constantFrom(...HOSTS);
const edges = fc.oneof(
  fc.record({ perHost: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ total: fc.integer({ min: 0, max: 12 }) }),
);
const fate = fc.array(fc.constantFrom('answered' as const, 'lost' as const, 'answer-lost' as const), {
  minLength: 1,
  maxLength: 8,
});

type Step =
  | { do: 'apply'; edges: { perHost: number } | { total: number } }
  | { do: 'elect' }
  | { do: 'round'; fates: ('answered' | 'lost' | 'answer-lost')[]; ms: number }
  | { do: 'hear' | 'tick' | 'restart-pod' | 'lose-pod' | 'restart-worker' | 'give-up' | 'old-heartbeat'; host: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('apply' as const), edges }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('elect' as const) }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('round' as const), fates: fate, ms: fc.integer({ min: 20, max: 2_500 }) }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('hear' as const), host }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('tick' as const), host }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart-pod' as const), host }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose-pod' as const), host }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart-worker' as const), host }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('give-up' as const), host }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('old-heartbeat' as const), host }) },
);
/** Heartbeats come in the order in which they were sent. */
const stepInOrder = step.filter((one) => one.do !== 'old-heartbeat');

function play(world: World, steps: readonly Step[]): void {
  const old = new Map(HOSTS.map((name) => [name, world.host(name).heartbeat()]));
  for (const one of steps) {
    switch (one.do) {
      case 'apply':
        world.apply(one.edges);
        break;
      case 'elect':
        world.elect();
        break;
      case 'round': {
        let next = 0;
        world.carryOut(world.plan(), () => one.fates[next++ % one.fates.length] ?? 'answered');
        world.pass(one.ms);
        break;
      }
      case 'hear':
        old.set(one.host, world.host(one.host).heartbeat());
        world.hear(one.host);
        break;
      case 'old-heartbeat':
        world.hear(one.host, old.get(one.host));
        break;
      case 'tick':
        world.host(one.host).tick();
        break;
      case 'restart-pod':
        world.host(one.host).restartPod();
        break;
      case 'lose-pod':
        world.host(one.host).losePod();
        break;
      case 'restart-worker':
        world.host(one.host).epoch++;
        world.join(one.host);
        break;
      case 'give-up': {
        const [name] = world.host(one.host).live('stream');
        if (name) world.host(one.host).giveUp(name);
        break;
      }
      default:
        one satisfies never;
    }
  }
}

const RUNS = { numRuns: 300 };

test('from whatever happened before, a farm that is left alone comes to what is asked, and then plans nothing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), edges, (steps, wish) => {
      const world = new World(HOSTS);
      world.elect();
      play(world, steps);
      world.apply(wish);
      // Given-up slots are tried again after 15 s.
      world.settle(30);
      for (let more = 0; more < 3; more++) {
        const plan = world.second();
        assert.deepEqual([plan.decisions, plan.commands], [[], []]);
      }
      const live = [...world.hosts.values()].map((one) => one.live('stream').length);
      if ('perHost' in wish) assert.deepEqual(live, [wish.perHost, wish.perHost, wish.perHost]);
      else
        assert.equal(
          live.reduce((sum, count) => sum + count, 0),
          wish.total,
        );
      for (const one of world.hosts.values()) {
        assert.equal(one.live('back-source').length, one.live('stream').length > 0 ? 1 : 0, one.name);
      }
      assert.ok(isSettled(world.state, world.observed));
    }),
    RUNS,
  );
});

test('an undisturbed farm is settled within a few seconds of any change', () => {
  fc.assert(
    fc.property(fc.array(edges, { minLength: 1, maxLength: 6 }), (wishes) => {
      const world = new World(HOSTS);
      world.elect();
      for (const wish of wishes) {
        world.apply(wish);
        // Adoption, decision, start or drain and end, and for the back source the same again.
        assert.ok(world.settle(10) <= 9);
      }
    }),
    RUNS,
  );
});

test('whatever is lost, late or repeated, no two edges ever live on one slot', () => {
  fc.assert(
    fc.property(fc.array(stepInOrder, { maxLength: 80, size: 'max' }), (steps) => {
      const world = new World(HOSTS);
      world.elect();
      play(world, steps);
      assert.deepEqual(world.violations, []);
    }),
    RUNS,
  );
});

test('an edge that the log does not know is never replaced or killed, and never keeps a farm from its number', () => {
  const foreign = fc.array(
    fc.record({ host, slot: fc.integer({ min: 0, max: 6 }), generation: fc.integer({ min: 1, max: 9 }) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(foreign, fc.array(step, { maxLength: 40, size: 'max' }), edges, (edgesThere, steps, wish) => {
      const world = new World(HOSTS);
      for (const one of edgesThere) {
        if (!world.host(one.host).foreign.has(`stream-${one.slot}`)) {
          world.host(one.host).addForeign('stream', one.slot, one.generation);
        }
      }
      world.elect();
      play(world, steps);
      world.apply(wish);
      world.settle(40);
      assert.deepEqual(world.violations, []);
      const decided = hostsOf(world.state).map((one) => assignedSlots(one, 'stream').length);
      if ('perHost' in wish) assert.deepEqual(decided, [wish.perHost, wish.perHost, wish.perHost]);
      for (const one of world.hosts.values()) {
        for (const name of one.foreign) assert.ok(one.edges.has(name), `${one.name} ${name} is gone`);
      }
    }),
    RUNS,
  );
});

test('nothing is decided or commanded by a master that does not lead', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40, size: 'max' }),
      fc.constantFrom('nobody', 'old', 'other', 'not yet'),
      (steps, kind) => {
        const world = new World(HOSTS);
        world.elect();
        play(world, steps);
        world.apply({ perHost: 3 });
        const term = world.state.leader?.term ?? 0;
        const as = {
          nobody: null,
          old: { master: 'm', term: term - 1 },
          other: { master: 'another', term },
          'not yet': { master: 'm', term: term + 1 },
        }[kind];
        world.observed = leading(world.observed, as);
        const plan = world.plan();
        assert.deepEqual([plan.decisions, plan.commands], [[], []]);
      },
    ),
    RUNS,
  );
});
