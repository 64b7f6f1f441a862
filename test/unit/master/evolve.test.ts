import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evolve, evolveStray, evolveUnreadable } from '@dolphin/master/domain/evolve.js';
import { EMPTY_FARM } from '@dolphin/master/domain/farm-state.js';
import { parseFold } from '@dolphin/master/files/fold-snapshot.js';
import { FARM_ID, specOf } from './host-model.js';
import { World } from './world.js';

const OTHER_FARM = '22222222-2222-4222-8222-222222222222';
const AT = '2026-01-01T00:00:00.000Z';
const PORTS = { rtmp: 1936, http: 18081, api: 33332 };

test('given a new log, the first farm-created names the farm and a second one changes nothing', () => {
  const world = new World([]);
  world.operator({ type: 'farm-created', farm: 'main', farmId: OTHER_FARM, who: 'x' });
  assert.equal(world.state.farm?.farmId, FARM_ID);
  assert.equal(world.state.ignored, 1);
  assert.equal(world.state.sequence, 2);
});

test('the expected sequences are those of the last entry on each subject', () => {
  const world = new World(['h1']);
  world.elect();
  world.apply({ perHost: 1 });
  assert.deepEqual([world.state.operatorSequence, world.state.decisionsSequence, world.state.sequence], [4, 3, 4]);
});

test('an envelope of another farm counts as ignored, and moves the sequence on', () => {
  const world = new World(['h1']);
  const before = world.state;
  const entries = [{ type: 'farm-applied' as const, id: 'x', specVersion: 9, spec: specOf({ perHost: 9 }), who: 'x' }];
  const after = evolve(before, {
    sequence: 50,
    at: AT,
    envelope: { v: 1, kind: 'operator', farmId: OTHER_FARM, at: AT, master: 'x', entries },
  });
  assert.deepEqual([after.spec, after.sequence, after.ignored], [null, 50, 1]);
});

test('decisions of a term that is over are ignored', () => {
  const world = new World(['h1']);
  world.elect();
  world.elect();
  world.decide([{ type: 'host-lost', host: 'h1', silentMs: 5000 }], 1);
  assert.equal(world.state.hosts['h1']?.liveness, 'up');
});

test('a release of another generation than the slot has releases nothing', () => {
  const world = new World(['h1']);
  world.elect();
  const edge = { host: 'h1', role: 'stream', slot: 0 } as const;
  world.decide([{ type: 'edge-assigned', ...edge, generation: 2, engine: 'builtin', ports: PORTS, origins: ['o:1'] }]);
  world.decide([{ type: 'edge-released', ...edge, generation: 1, why: 'x' }]);
  assert.equal(world.state.hosts['h1']?.slots['stream-0']?.status, 'assigned');
  world.decide([{ type: 'edge-released', ...edge, generation: 2, why: 'x' }]);
  assert.equal(world.state.hosts['h1']?.slots['stream-0']?.status, 'released');
});

test('facts about an older generation say nothing about the slot', () => {
  const world = new World(['h1']);
  world.elect();
  const edge = { role: 'stream', slot: 0 } as const;
  const assigned = { host: 'h1', ...edge, engine: 'builtin', ports: PORTS, origins: ['o:1'] };
  world.decide([{ type: 'edge-assigned', ...assigned, generation: 1 }]);
  world.decide([{ type: 'edge-assigned', ...assigned, generation: 2 }]);
  world.fact('h1', { type: 'edge-gave-up', ...edge, generation: 1, attempts: 5, windowMs: 1000 });
  assert.equal(world.state.hosts['h1']?.slots['stream-0']?.gaveUpInARow, 0);
  world.fact('h1', { type: 'edge-gave-up', ...edge, generation: 2, attempts: 5, windowMs: 1000 });
  assert.equal(world.state.hosts['h1']?.slots['stream-0']?.gaveUpInARow, 1);
});

test('a worker that joins again keeps the slots of its host', () => {
  const world = new World(['h1']);
  world.elect();
  world.apply({ perHost: 2 });
  world.settle(10);
  const slots = world.state.hosts['h1']?.slots;
  world.host().epoch = 2;
  world.join('h1');
  assert.equal(world.state.hosts['h1']?.epoch, 2);
  assert.deepEqual(world.state.hosts['h1']?.slots, slots);
});

test('names that objects have of themselves are names like others', () => {
  const world = new World(['constructor']);
  assert.equal(world.state.hosts['constructor']?.host, 'constructor');
  world.decide([{ type: 'host-lost', host: 'valueof', silentMs: 1 }]);
  assert.equal(world.state.ignored, 1);
});

test('the first entry that cannot be decoded is remembered, and the guard still holds', () => {
  const once = evolveUnreadable(EMPTY_FARM, { sequence: 7, why: 'newer', on: 'decisions' });
  const twice = evolveUnreadable(once, { sequence: 8, why: 'again', on: 'operator' });
  assert.deepEqual(twice.unreadable, { sequence: 7, why: 'newer' });
  assert.deepEqual([twice.sequence, twice.decisionsSequence, twice.operatorSequence], [8, 7, 8]);
});

test('a snapshot brings back the very state that was saved', () => {
  const world = new World(['h1', 'h2']);
  world.elect();
  world.apply({ total: 5 });
  world.settle(10);
  assert.deepEqual(parseFold(JSON.parse(JSON.stringify(world.state))), world.state);
  assert.equal(parseFold({ ...world.state, hosts: { h1: {} } }), null);
  assert.equal(parseFold('garbage'), null);
});

test('what nobody appended moves the guard of its subject, is counted, and keeps no master from leading', () => {
  const state = evolveStray(evolveStray(EMPTY_FARM, { sequence: 7, on: 'decisions' }), { sequence: 9, on: 'operator' });
  assert.deepEqual(state, { ...EMPTY_FARM, sequence: 9, decisionsSequence: 7, operatorSequence: 9, ignored: 2 });
});
