import assert from 'node:assert/strict';
import { test } from 'node:test';
import { farmView } from '@dolphin/master/domain/farm-view.js';
import { parseFold } from '@dolphin/master/files/fold-snapshot.js';
import { World } from './world.js';

function twoHosts(): World {
  const world = new World(['h1', 'h2']);
  world.elect();
  world.apply({ total: 4 });
  world.settle(10);
  return world;
}

const assignedOn = (world: World, host: string) =>
  Object.values(world.state.hosts[host]?.slots ?? {}).filter(
    ({ role, status }) => role === 'stream' && status === 'assigned',
  ).length;

const shownHosts = (world: World) =>
  farmView(world.state, world.observed, {
    ...{ farm: 'main', at: '2026-01-01T00:00:00.000Z', now: world.now, connected: true },
    master: { id: 'm', state: 'leader' },
  }).hosts.map(({ host }) => host);

/** Its edges and its pod have ended, and its worker says so last of all. */
function leave(world: World, name: string): void {
  world.host(name).edges.clear();
  world.fact(name, { type: 'host-left', why: 'its worker was told to leave' });
}

test('a host that leaves is given nothing, and what it has is counted until it is gone', () => {
  const world = twoHosts();
  world.apply({ total: 6 });
  const leaving = { ...world.host('h1').heartbeat(), leaving: true };
  world.hear('h1', leaving);
  world.hear('h2');
  world.carryOut(world.plan());
  world.hear('h1', leaving);
  world.hear('h2');
  assert.deepEqual([assignedOn(world, 'h1'), assignedOn(world, 'h2')], [2, 4]);
  assert.ok(world.plan().commands.every(({ host }) => host === 'h2'));
});

test('the share of a host that left is placed elsewhere at once, and its last heartbeats do not bring it back', () => {
  const world = twoHosts();
  leave(world, 'h1');
  world.hear('h1', { ...world.host('h1').heartbeat(), leaving: true });
  world.hear('h2');
  const { decisions } = world.plan();
  assert.deepEqual(
    decisions.map(({ type, ...rest }) => [type, 'host' in rest && rest.host]),
    [
      ['edge-assigned', 'h2'],
      ['edge-assigned', 'h2'],
    ],
  );
  assert.deepEqual([assignedOn(world, 'h1'), shownHosts(world)], [0, ['h2']]);
  assert.deepEqual(parseFold(JSON.parse(JSON.stringify(world.state))), world.state);
});

test('a host that joins again after it left takes its part, under generations that were not used', () => {
  const world = twoHosts();
  leave(world, 'h1');
  world.host('h1').epoch += 1;
  world.join('h1');
  world.apply({ perHost: 2 });
  world.settle(20);
  assert.deepEqual(shownHosts(world), ['h1', 'h2']);
  assert.equal(assignedOn(world, 'h1'), 2);
  assert.equal(world.state.hosts['h1']?.slots['stream-0']?.generation, 2);
  assert.deepEqual(world.violations, []);
});
