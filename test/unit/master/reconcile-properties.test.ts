import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignedSlots, hostsOf } from '@dolphin/master/domain/farm-state.js';
import { isSettled } from '@dolphin/master/domain/farm-view.js';
import { leading } from '@dolphin/master/domain/observation.js';
import fc from 'fast-check';
import { edges, HOSTS, host, play, reopen, sound, specAs, step, stepInOrder } from './steps.js';
import { World } from './world.js';

const RUNS = { numRuns: 80 };

test('from whatever happened before, a farm that is left alone comes to what is asked, and then plans nothing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), edges, sound, (steps, wish, as) => {
      const world = new World(HOSTS);
      world.elect();
      play(world, steps);
      reopen(world);
      world.apply(wish, specAs(as));
      // Given-up slots are tried again after 15 s; of 18 edges each may be changed by itself, and waits for four clients.
      world.settle(30 + 18 * 12);
      for (let more = 0; more < 3; more++) {
        const plan = world.second();
        assert.deepEqual([plan.decisions, plan.commands], [[], []]);
      }
      for (const one of hostsOf(world.state).flatMap((each) => assignedSlots(each, 'stream'))) {
        assert.equal(one.engine, as.engine);
      }
      const live = [...world.hosts.values()].map((one) => one.live('stream').length);
      if ('perHost' in wish) assert.deepEqual(live, [wish.perHost, wish.perHost, wish.perHost]);
      else
        assert.equal(
          live.reduce((sum, count) => sum + count, 0),
          wish.total,
        );
      for (const one of world.hosts.values()) {
        const hasStreams = one.live('stream').length > 0;
        assert.equal(one.live('back-source').length, hasStreams ? 1 : 0, one.name);
        assert.equal(one.live('http').length, hasStreams ? wish.http : 0, one.name);
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
      world.settle(250);
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
      world.settle(250);
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
