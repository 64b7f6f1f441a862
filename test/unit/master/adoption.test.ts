import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginning } from '@dolphin/master/domain/farm-identity.js';
import { parseFold } from '@dolphin/master/files/fold-snapshot.js';
import { DolphinError } from '@dolphin/protocol';
import fc from 'fast-check';
import { FARM_ID } from './host-model.js';
import { World } from './world.js';

/** As pods are that were commanded from the log that is gone. */
const TOLD = { term: 7, sequence: 5_000 };

/** A new log knows no term: the first leader learns of the old ones, and the next is above them. */
function electAbove(world: World): void {
  for (let term = 1; term <= TOLD.term + 1; term++) world.elect();
}

function running(streams: number, hosts = ['h1']): World {
  const world = new World(hosts, { adopted: true });
  for (const host of world.hosts.values()) {
    host.addRunning('back-source', 0, 3, TOLD);
    for (let slot = 0; slot < streams; slot++) host.addRunning('stream', slot, 4 + slot, TOLD);
  }
  electAbove(world);
  return world;
}

test('a log that was begun for what runs has each edge at its generation, before anything is applied, and commands nothing', () => {
  const world = running(2, ['h1', 'h2']);
  world.second();
  world.second();
  for (const name of ['h1', 'h2']) {
    const slots = world.state.hosts[name]?.slots ?? {};
    const generations = Object.entries(slots).map(([edge, { generation, status }]) => [edge, generation, status]);
    assert.deepEqual(generations, [
      ['back-source-0', 3, 'assigned'],
      ['stream-0', 4, 'assigned'],
      ['stream-1', 5, 'assigned'],
    ]);
  }
  assert.ok(world.sent.every(({ body }) => body.type === 'adopt'));
  assert.deepEqual(parseFold(JSON.parse(JSON.stringify(world.state))), world.state);
});

test('the specification that they were made from changes nothing; what is asked for later is above their generations', () => {
  const world = running(2);
  world.apply({ perHost: 2 });
  world.settle(10);
  assert.ok(world.sent.every(({ body }) => body.type === 'adopt'));
  const about = { host: 'h1', role: 'stream' as const, slot: 1, generation: 5, who: 'test' };
  world.host().crowd('stream-1', 2);
  world.operator({ type: 'edge-restart-asked', ...about, deadlineMs: 60_000 });
  world.settle(12);
  assert.equal(world.state.hosts['h1']?.slots['stream-1']?.generation, 6);
  world.apply({ perHost: 1 });
  world.settle(12);
  assert.equal(world.host().live('stream').length, 1);
  assert.deepEqual(world.violations, []);
});

test('an edge that shows up later, or in a farm that was begun for none, is left to an operator', () => {
  const late = running(1);
  late.apply({ perHost: 1 });
  late.settle(10);
  late.host().addForeign('stream', 5, 9);
  late.settle(10);
  assert.equal(late.state.hosts['h1']?.slots['stream-5'], undefined);
  const other = new World();
  other.host().addForeign('stream', 0, 9);
  other.elect();
  other.second();
  other.second();
  assert.deepEqual(other.state.hosts['h1']?.slots, {});
  assert.deepEqual([...late.violations, ...other.violations], []);
});

test('whatever ran, what is asked for then comes to be, and no two edges ever live on one slot', () => {
  const edge = fc.record({
    slot: fc.nat({ max: 5 }),
    generation: fc.integer({ min: 1, max: 9 }),
    sequence: fc.nat({ max: 9_000 }),
  });
  const edges = fc.uniqueArray(edge, { selector: ({ slot }) => slot, maxLength: 6 });
  fc.assert(
    fc.property(edges, edges, fc.boolean(), fc.nat({ max: 4 }), (on1, on2, hasBackSource, perHost) => {
      const world = new World(['h1', 'h2'], { adopted: true });
      for (const [name, those] of [['h1', on1] as const, ['h2', on2] as const]) {
        if (hasBackSource) world.host(name).addRunning('back-source', 0, 2, TOLD);
        for (const { slot, generation, sequence } of those) {
          world.host(name).addRunning('stream', slot, generation, { term: TOLD.term, sequence });
        }
      }
      electAbove(world);
      world.apply({ perHost });
      world.settle(30);
      assert.deepEqual(world.violations, []);
      for (const name of ['h1', 'h2']) assert.equal(world.host(name).live('stream').length, perHost);
    }),
    { numRuns: 200 },
  );
});

test('a log begins under the id that the farm had, when there are edges that obey it', () => {
  const newId = '33333333-3333-4333-8333-333333333333';
  const none = { farm: 'main', there: null, known: null, named: undefined, isAdopting: false, newId };
  const refused = (code: string) => (error: unknown) => error instanceof DolphinError && error.code === code;
  assert.equal(beginning(none), newId);
  assert.equal(beginning({ ...none, known: FARM_ID, isAdopting: true }), FARM_ID);
  assert.equal(beginning({ ...none, named: FARM_ID, isAdopting: true }), FARM_ID);
  assert.throws(() => beginning({ ...none, known: FARM_ID }), refused('E_FARM_EXISTS'));
  assert.throws(() => beginning({ ...none, isAdopting: true }), refused('E_BAD_REQUEST'));
  assert.throws(() => beginning({ ...none, named: FARM_ID }), refused('E_BAD_REQUEST'));
  assert.throws(
    () => beginning({ ...none, known: FARM_ID, named: newId, isAdopting: true }),
    refused('E_FARM_MISMATCH'),
  );
  const there = { farmId: FARM_ID };
  assert.throws(() => beginning({ ...none, there, known: FARM_ID, isAdopting: true }), refused('E_FARM_EXISTS'));
});
