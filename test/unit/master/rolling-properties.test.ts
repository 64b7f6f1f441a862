import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignedSlots, hostsOf, isHeld, slotsOf } from '@dolphin/master/domain/farm-state.js';
import { isSettled } from '@dolphin/master/domain/farm-view.js';
import type { PlannedCommand } from '@dolphin/master/domain/planned-command.js';
import fc from 'fast-check';
import { HOSTS, inHandIn, sound, specAs } from './steps.js';
import { World } from './world.js';

const RUNS = { numRuns: 50 };
const PER_HOST = 3;

/** Three hosts with three edges each, and viewers. */
function farm(clients: number): World {
  const world = new World(HOSTS);
  world.elect();
  world.apply({ perHost: PER_HOST });
  world.settle(10);
  crowd(world, clients);
  return world;
}

function crowd(world: World, clients: number): void {
  for (const host of world.hosts.values()) for (const name of host.live('stream')) host.crowd(name, clients);
}

/** A second in which the leader may die after its decisions, before a command that follows from them. */
function second(world: World, isKilled: boolean): PlannedCommand[] {
  const before = world.sent.length;
  for (const host of world.hosts.values()) {
    host.tick();
    world.hear(host.name);
  }
  for (let round = 0; round < 8; round++) {
    const plan = world.plan();
    world.carryOut(isKilled ? { ...plan, commands: [] } : plan);
    if (isKilled && plan.decisions.length > 0) {
      world.elect();
      break;
    }
    if (plan.decisions.length === 0) break;
  }
  world.pass(1_000);
  return world.sent.slice(before);
}

test('whoever leads and dies in between, a rolling change comes to its end, in so many edges at a time', () => {
  const change = fc.record({ as: sound, clients: fc.nat({ max: 3 }), seconds: fc.nat({ max: 25 }) });
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
      (changes, kills) => {
        const world = farm(2);
        let at = 0;
        for (const { as, clients, seconds } of changes) {
          const most = Math.max(inHandIn(world), as.maxParallel);
          world.apply({ perHost: PER_HOST }, specAs(as));
          crowd(world, clients);
          for (let passed = 0; passed < seconds; passed++) {
            second(world, kills[at++ % kills.length] ?? false);
            assert.ok(inHandIn(world) <= most);
            for (const host of hostsOf(world.state)) {
              const places = slotsOf(host).filter((slot) => slot.role === 'stream' && isHeld(slot)).length;
              assert.equal(assignedSlots(host, 'stream').length + places, PER_HOST);
              assert.ok(places < PER_HOST, 'a host is never without an edge that takes clients');
            }
          }
        }
        world.settle(200);
        const { as } = changes.at(-1)!;
        for (const host of world.hosts.values()) {
          assert.equal(host.edges.size, PER_HOST + 1);
          for (const { definition } of host.edges.values()) assert.equal(definition.engine, as.engine);
        }
        assert.deepEqual(world.violations, []);
        assert.equal(inHandIn(world), 0);
      },
    ),
    RUNS,
  );
});

test('an edge is sent to its end for a rolling change only when all that were changed before it are well', () => {
  fc.assert(
    fc.property(sound, fc.nat({ max: 4 }), (as, clients) => {
      const world = farm(clients);
      world.apply({ perHost: PER_HOST }, specAs({ ...as, engine: 'next' }));
      for (let passed = 0; passed < 300 && !isSettled(world.state, world.observed); passed++) {
        const changed = [...world.hosts.values()].flatMap((host) => [...host.edges.values()]);
        const isWell = changed.every(({ definition, state }) => definition.engine !== 'next' || state === 'ready');
        const step = world.state.update?.step ?? 0;
        world.second();
        if (!isWell) assert.ok((world.state.update?.step ?? 0) <= step + 1);
        const unwell = [...world.hosts.values()].flatMap((host) => [...host.edges.values()]);
        const away = unwell.filter(({ state, old }) => state !== 'ready' && old === undefined).length;
        assert.ok(away <= as.maxParallel, `${away} at once`);
      }
      assert.ok(isSettled(world.state, world.observed));
      assert.deepEqual(world.violations, []);
    }),
    RUNS,
  );
});
