import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignedSlots, hostsOf, type SlotState } from '@dolphin/master/domain/farm-state.js';
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
  | { do: 'ask'; type: 'host-cordoned' | 'host-uncordoned' | 'host-undrain-asked'; host: string }
  | { do: 'drain'; host: string; deadlineMs: number }
  | { do: 'kill'; host: string }
  | { do: 'edge'; type: 'edge-drain-asked' | 'edge-undrain-asked' | 'edge-restart-asked'; host: string; slot: number }
  | { do: 'crowd'; host: string; clients: number }
  | { do: 'reconfigure'; host: string; capacity: number }
  | { do: 'round'; fates: ('answered' | 'lost' | 'answer-lost')[]; ms: number }
  | { do: 'hear' | 'tick' | 'restart-pod' | 'lose-pod' | 'restart-worker' | 'give-up' | 'old-heartbeat'; host: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('apply' as const), edges }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('elect' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      type: fc.constantFrom('host-cordoned' as const, 'host-uncordoned' as const, 'host-undrain-asked' as const),
      host,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const), host, deadlineMs: fc.nat({ max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), host }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('edge' as const),
      type: fc.constantFrom(
        'edge-drain-asked' as const,
        'edge-undrain-asked' as const,
        'edge-restart-asked' as const,
        'edge-restart-asked' as const,
      ),
      host,
      slot: fc.nat({ max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crowd' as const), host, clients: fc.nat({ max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reconfigure' as const), host, capacity: fc.nat({ max: 5 }) }) },
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
      case 'ask':
        world.operator({ type: one.type, host: one.host, who: 'test' });
        break;
      case 'drain':
        world.operator({ type: 'host-drain-asked', host: one.host, deadlineMs: one.deadlineMs, who: 'test' });
        break;
      case 'kill': {
        const slot = assignedSlots(world.state.hosts[one.host]!, 'stream')[0];
        if (slot) world.operator({ type: 'edge-kill-asked', host: one.host, ...keyOf(slot), who: 'test' });
        break;
      }
      case 'edge':
        askOfEdge(world, one);
        break;
      case 'reconfigure':
        world.reconfigure(one.host, { capacity: one.capacity });
        break;
      case 'crowd':
        for (const name of world.host(one.host).live('stream')) world.host(one.host).crowd(name, one.clients);
        break;
      case 'round': {
        let next = 0;
        const before = assignedIn(world);
        world.carryOut(world.plan(), () => one.fates[next++ % one.fates.length] ?? 'answered');
        assertNotMore(world, before);
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

/** Without a deadline in every other slot, so that some of them are kills. */
function askOfEdge(world: World, one: Extract<Step, { do: 'edge' }>): void {
  const slot = world.state.hosts[one.host]?.slots[`stream-${one.slot}`];
  if (!slot) return;
  const about = { host: one.host, ...keyOf(slot), who: 'test' };
  if (one.type === 'edge-undrain-asked') world.operator({ type: one.type, ...about });
  else world.operator({ type: one.type, ...about, deadlineMs: (one.slot % 2) * 60_000 });
}

function keyOf({ role, slot, generation }: SlotState): Pick<SlotState, 'role' | 'slot' | 'generation'> {
  return { role, slot, generation };
}

/** Stream edges decided for each host that is not lost. */
function assignedIn(world: World): number[] {
  const present = hostsOf(world.state).filter((one) => one.liveness !== 'lost');
  return present.map((one) => assignedSlots(one, 'stream').length);
}

/** Whatever was decided, nowhere are more edges than are asked for, but those that were there before. */
function assertNotMore(world: World, before: readonly number[]): void {
  const asked = world.state.spec?.spec.edges;
  const after = assignedIn(world);
  if (!asked || after.length !== before.length) return;
  const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
  if ('total' in asked) assert.ok(sum(after) <= Math.max(asked.total, sum(before)), `${after} of ${asked.total}`);
  else for (const [index, count] of after.entries()) assert.ok(count <= Math.max(asked.perHost, before[index] ?? 0));
}

/** Every host takes edges again, as many as are wanted. */
function reopen(world: World): void {
  for (const name of HOSTS) world.reconfigure(name, {});
  for (const name of HOSTS) world.operator({ type: 'host-undrain-asked', host: name, who: 'test' });
  for (const { host, slots } of hostsOf(world.state)) {
    for (const slot of Object.values(slots)) {
      if (slot.setAside) world.operator({ type: 'edge-undrain-asked', host, ...keyOf(slot), who: 'test' });
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
      reopen(world);
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

test('a farm that is left alone moves each edge at most once: what is released is not assigned, nor the other way round', () => {
  const asks = fc.array(
    fc.oneof(
      fc.record({ edges }),
      fc.record({ drain: host, deadlineMs: fc.nat({ max: 2 }) }),
      fc.record({
        type: fc.constantFrom('host-cordoned' as const, 'host-uncordoned' as const, 'host-undrain-asked' as const),
        host,
      }),
    ),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(asks, fc.nat({ max: 4 }), fc.nat({ max: 3 }), (wishes, clients, seconds) => {
      const world = new World(HOSTS);
      world.elect();
      world.apply({ perHost: 2 });
      world.settle(10);
      for (const one of wishes) {
        for (const each of world.hosts.values()) for (const name of each.live('stream')) each.crowd(name, clients);
        if ('edges' in one) world.apply(one.edges);
        else if ('drain' in one) {
          const { drain, deadlineMs } = one;
          world.operator({ type: 'host-drain-asked', host: drain, deadlineMs, who: 'test' });
        } else world.operator({ ...one, who: 'test' });
        const moves = new Map<string, Set<string>>();
        for (let second = 0; second <= seconds; second++) {
          for (const decision of world.second().decided) {
            if (decision.type !== 'edge-assigned' && decision.type !== 'edge-released' && decision.type !== 'edge-kept')
              continue;
            const edge = `${decision.host} ${decision.role}-${decision.slot}`;
            moves.set(edge, (moves.get(edge) ?? new Set()).add(decision.type === 'edge-released' ? 'away' : 'here'));
          }
        }
        for (const [edge, ways] of moves) assert.equal(ways.size, 1, edge);
      }
    }),
    RUNS,
  );
});

test('a host that is drained is empty in the end, and gets nothing until it is undrained', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), edges, host, (steps, wish, drained) => {
      const world = new World(HOSTS);
      world.elect();
      play(world, steps);
      reopen(world);
      world.apply(wish);
      world.operator({ type: 'host-drain-asked', host: drained, deadlineMs: 60_000, who: 'test' });
      for (let second = 0; second < 40; second++) world.second();
      assert.deepEqual([...world.host(drained).edges.keys()], []);
      const others = HOSTS.filter((name) => name !== drained).map((name) => world.host(name).live('stream').length);
      if ('total' in wish) assert.equal((others[0] ?? 0) + (others[1] ?? 0), wish.total);
      else assert.deepEqual(others, [wish.perHost, wish.perHost]);
      assert.ok(isSettled(world.state, world.observed));
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
      reopen(world);
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
