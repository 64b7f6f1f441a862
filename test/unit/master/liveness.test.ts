import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSettled } from '@dolphin/master/domain/farm-view.js';
import { hostsToDial, shownLiveness } from '@dolphin/master/domain/liveness-rules.js';
import { dialled, observedHost, silenceForgotten } from '@dolphin/master/domain/observation.js';
import { World } from './world.js';

function farm(hosts: string[]): World {
  const world = new World(hosts);
  world.elect();
  world.apply({ perHost: 1 });
  world.settle(10);
  for (const name of hosts) world.hear(name);
  return world;
}

/** All but the silent ones speak each second. */
function silence(world: World, seconds: number, ...silent: string[]): void {
  for (let second = 0; second < seconds; second++) {
    world.pass(1_000);
    for (const name of world.hosts.keys()) if (!silent.includes(name)) world.hear(name);
  }
}

const types = (world: World) => world.plan().decisions.map((decision) => decision.type);
const dial = (world: World, name: string, accepts: boolean) => {
  world.observed = dialled(world.observed, name, accepts, world.now);
};
const shown = (world: World, name: string) =>
  shownLiveness(world.state.hosts[name], observedHost(world.observed, name));

test('a host is shown as suspect after 3 s of silence, and nothing is decided', () => {
  const world = farm(['h1', 'h2', 'h3']);
  silence(world, 3, 'h1');
  assert.equal(shown(world, 'h1'), 'suspect');
  assert.deepEqual(types(world), []);
  assert.deepEqual(
    hostsToDial(world.state, world.observed).map(({ host }) => host),
    ['h1'],
  );
});

test('after 5 s of silence a host whose public port refuses is lost', () => {
  const world = farm(['h1', 'h2', 'h3']);
  silence(world, 5, 'h1');
  assert.deepEqual(types(world), [], 'nobody dialled yet');
  dial(world, 'h1', false);
  assert.deepEqual(types(world), ['host-lost']);
  world.carryOut(world.plan());
  assert.deepEqual(types(world), []);
});

test('after 5 s of silence a host whose public port accepts is unmanaged, until the port refuses', () => {
  const world = farm(['h1', 'h2', 'h3']);
  silence(world, 5, 'h1');
  dial(world, 'h1', true);
  assert.deepEqual(types(world), ['host-unmanaged']);
  world.carryOut(world.plan());
  assert.equal(shown(world, 'h1'), 'unmanaged');
  assert.deepEqual(types(world), []);
  assert.ok(isSettled(world.state, world.observed), 'what it has is kept');
  silence(world, 3, 'h1');
  assert.deepEqual(types(world), [], 'the dial is too old to rest upon');
  dial(world, 'h1', false);
  assert.deepEqual(types(world), ['host-lost']);
});

test('an unmanaged host is not commanded', () => {
  const world = farm(['h1', 'h2', 'h3']);
  silence(world, 5, 'h1');
  dial(world, 'h1', true);
  world.carryOut(world.plan());
  world.apply({ perHost: 3 });
  assert.ok(world.plan().decisions.every((decision) => !('host' in decision) || decision.host !== 'h1'));
});

test('a host that is heard again is returned, and its slots are as they were', () => {
  const world = farm(['h1', 'h2', 'h3']);
  const slots = world.state.hosts['h1']?.slots;
  silence(world, 5, 'h1');
  dial(world, 'h1', false);
  world.carryOut(world.plan());
  world.hear('h1');
  assert.deepEqual(types(world), ['host-returned']);
  world.carryOut(world.plan());
  assert.deepEqual(world.state.hosts['h1']?.slots, slots);
  assert.deepEqual(world.plan().decisions, []);
});

test('a single host can be lost', () => {
  const world = farm(['h1']);
  silence(world, 5, 'h1');
  dial(world, 'h1', false);
  assert.deepEqual(types(world), ['host-lost']);
});

test('when more than half of several hosts fall silent at once, it is us: nothing is decided', () => {
  const world = farm(['h1', 'h2', 'h3']);
  silence(world, 8, 'h1', 'h2');
  dial(world, 'h1', false);
  dial(world, 'h2', false);
  world.apply({ perHost: 4 });
  const plan = world.plan();
  assert.equal(plan.isUs, true);
  assert.deepEqual(plan.decisions, []);
  world.hear('h2');
  assert.deepEqual(types(world), ['host-lost']);
});

test('half of the hosts is not more than half', () => {
  const world = farm(['h1', 'h2']);
  silence(world, 5, 'h1');
  dial(world, 'h1', false);
  assert.deepEqual(types(world), ['host-lost']);
});

test('silence that the master slept through, or was cut off in, counts for nothing', () => {
  const world = farm(['h1', 'h2', 'h3']);
  silence(world, 4, 'h1');
  world.observed = silenceForgotten(world.observed);
  silence(world, 4, 'h1');
  dial(world, 'h1', false);
  assert.deepEqual(types(world), []);
});

test('a new leader decides that a host it never heard is lost, after the same time', () => {
  const world = farm(['h1', 'h2', 'h3']);
  world.elect();
  world.hear('h2');
  world.hear('h3');
  silence(world, 4, 'h1');
  assert.deepEqual(
    types(world).filter((type) => type === 'host-lost'),
    [],
  );
  silence(world, 1, 'h1');
  // No heartbeat told its address: it cannot be dialled.
  assert.deepEqual(types(world), ['host-lost']);
});

test('in total mode the share of a lost host is placed elsewhere, and the surplus goes when it returns', () => {
  const world = new World(['h1', 'h2']);
  for (const name of ['h1', 'h2']) world.hear(name);
  world.elect();
  world.apply({ total: 4 });
  world.settle(10);
  assert.deepEqual(
    [...world.hosts.values()].map((host) => host.live('stream').length),
    [2, 2],
  );
  silence(world, 5, 'h1');
  dial(world, 'h1', false);
  world.carryOut(world.plan());
  world.carryOut(world.plan());
  world.carryOut(world.plan());
  assert.equal(world.host('h2').live('stream').length, 4);
  world.settle(20);
  const counts = [...world.hosts.values()].map((host) => host.live('stream').length);
  assert.deepEqual(counts, [2, 2]);
});
