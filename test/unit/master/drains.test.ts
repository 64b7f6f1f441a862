import assert from 'node:assert/strict';
import { test } from 'node:test';
import { farmView } from '@dolphin/master/domain/farm-view.js';
import { checkRemovable, drainDeadline, knownHost } from '@dolphin/master/domain/host-asks.js';
import type { Plan } from '@dolphin/master/domain/reconcile.js';
import { parseFold } from '@dolphin/master/files/fold-snapshot.js';
import { DolphinError, edgeName, type FarmSpec, FarmView } from '@dolphin/protocol';
import { AT } from './host-model.js';
import { World } from './world.js';

function farm(edges: FarmSpec['edges'], hosts = ['h1'], more: Partial<FarmSpec> = {}): World {
  const world = new World(hosts);
  world.elect();
  world.apply(edges, more);
  world.settle(10);
  return world;
}

const drained = (plan: Plan) =>
  plan.decisions.flatMap((one) =>
    one.type === 'edge-released' ? [`${one.host} ${edgeName(one)} ${one.drainMs}`] : [],
  );
const sentAfter = (world: World, count: number) =>
  world.sent
    .slice(count)
    .map(({ host, body }) => `${host} ${body.type} ${'slot' in body ? edgeName(body) : ''}`.trim());
const hostShown = (world: World, name = 'h1') => {
  const master = { id: 'm', state: 'leader' as const };
  const view = farmView(world.state, world.observed, { farm: 'main', at: AT, now: world.now, connected: true, master });
  return FarmView.parse(view).hosts.find(({ host }) => host === name);
};
const ask = (world: World, type: 'host-cordoned' | 'host-uncordoned' | 'host-undrain-asked', host = 'h1') =>
  world.operator({ type, host, who: 'test' });
const drain = (world: World, host = 'h1', deadlineMs = 60_000) =>
  world.operator({ type: 'host-drain-asked', host, deadlineMs, who: 'test' });

test('what a farm has too much of drains: the edge with the fewest viewers, of as many the highest slot', () => {
  const world = farm({ perHost: 4 });
  for (const [name, clients] of Object.entries({ 'stream-0': 2, 'stream-1': 0, 'stream-2': 2, 'stream-3': 7 })) {
    world.host().crowd(name, clients);
  }
  world.hear('h1');
  world.apply({ perHost: 2 }, { drainDeadlineMs: 9_000 });
  const plan = world.plan();
  assert.deepEqual(drained(plan), ['h1 stream-1 9000', 'h1 stream-2 9000']);
  const before = world.sent.length;
  world.carryOut(plan);
  world.carryOut(world.plan());
  assert.deepEqual(sentAfter(world, before), ['h1 drain stream-1', 'h1 drain stream-2']);
  world.second();
  assert.deepEqual(world.host().live('stream').sort(), ['stream-0', 'stream-1', 'stream-2', 'stream-3']);
  world.settle(10);
  assert.deepEqual(world.host().live('stream').sort(), ['stream-0', 'stream-3']);
});

test('an edge that drains and is wanted again is kept, in its generation, rather than another started', () => {
  const world = farm({ perHost: 3 });
  for (const name of ['stream-0', 'stream-1', 'stream-2']) world.host().crowd(name, 9);
  world.apply({ perHost: 1 });
  world.second();
  world.second();
  const before = world.sent.length;
  world.apply({ perHost: 2 });
  world.second();
  assert.deepEqual(sentAfter(world, before), ['h1 undrain stream-1']);
  world.settle(20);
  assert.deepEqual(world.host().live('stream').sort(), ['stream-0', 'stream-1']);
  assert.equal(world.state.hosts['h1']?.slots['stream-1']?.generation, 1);
});

test('a drain that was lost, or was sent by the leader before, is not begun anew once it goes on', () => {
  const world = farm({ perHost: 2 });
  world.host().crowd('stream-1', 9);
  world.apply({ perHost: 1 });
  world.carryOut(world.plan());
  world.carryOut(world.plan(), () => 'lost');
  world.second();
  world.second();
  const before = world.sent.length;
  world.elect();
  world.second();
  world.second();
  assert.deepEqual(sentAfter(world, before), ['h1 adopt']);
});

test('a cordoned host keeps what it has, gives what is too much, and gets nothing', () => {
  const world = farm({ total: 4 }, ['h1', 'h2']);
  ask(world, 'host-cordoned');
  world.apply({ total: 7 });
  world.settle(10);
  assert.deepEqual([world.host('h1').live('stream').length, world.host('h2').live('stream').length], [2, 5]);
  assert.equal(hostShown(world)?.cordoned, true);
  world.apply({ perHost: 3 });
  world.settle(10);
  assert.deepEqual([world.host('h1').live('stream').length, world.host('h2').live('stream').length], [2, 3]);
  ask(world, 'host-uncordoned');
  world.settle(10);
  assert.equal(world.host('h1').live('stream').length, 3);
  assert.equal(hostShown(world)?.cordoned, false);
});

test('the drain of a host says how far it is, and leaves an empty host', () => {
  const world = farm({ total: 4 }, ['h1', 'h2']);
  world.host().crowd('stream-0', 2);
  world.hear('h1');
  const asked = drain(world);
  assert.deepEqual(drained(world.plan()), ['h1 stream-0 60000', 'h1 stream-1 60000']);
  assert.ok(
    world.plan().decisions.every((one) => one.type !== 'edge-released' || one.correlationId === one.causationId),
  );
  assert.deepEqual(hostShown(world)?.draining, {
    deadlineAt: '2026-01-01T00:01:00.000Z',
    clientsLeft: 2,
    edgesLeft: 2,
  });
  world.settle(12);
  assert.equal(world.host('h1').edges.size, 0, 'its back source, too');
  assert.equal(world.host('h2').live('stream').length, 4);
  assert.deepEqual([hostShown(world)?.draining?.edgesLeft, hostShown(world)?.draining?.clientsLeft], [0, 0]);
  assert.equal(world.state.hosts['h1']?.cordoned?.sequence, asked);
  assert.deepEqual(parseFold(JSON.parse(JSON.stringify(world.state))), world.state);
});

test('a drain that is taken back keeps the edges that still have viewers; those begun elsewhere drain', () => {
  const world = farm({ total: 4 }, ['h1', 'h2']);
  for (const name of ['stream-0', 'stream-1']) world.host().crowd(name, 30);
  drain(world);
  world.second();
  world.second();
  assert.equal(world.host('h2').live('stream').length, 4);
  ask(world, 'host-undrain-asked');
  world.settle(12);
  assert.deepEqual(world.host('h1').live('stream').sort(), ['stream-0', 'stream-1']);
  assert.equal(world.host('h2').live('stream').length, 2);
  assert.equal(hostShown(world)?.draining, undefined);
});

test('a drain asked again with another deadline is told to the edges that drain already', () => {
  const world = farm({ perHost: 1 });
  world.host().crowd('stream-0', 1_000);
  drain(world, 'h1', 3_600_000);
  world.second();
  world.second();
  drain(world, 'h1', 0);
  const before = world.sent.length;
  world.second();
  assert.deepEqual(sentAfter(world, before), ['h1 kill stream-0']);
  world.settle(10);
  assert.equal(world.host().edges.size, 0);
});

test('a killed edge is never kept', () => {
  const world = farm({ perHost: 2 }, ['h1'], { drainDeadlineMs: 0 });
  world.host().crowd('stream-1', 5);
  world.apply({ perHost: 1 }, { drainDeadlineMs: 0 });
  world.carryOut(world.plan());
  world.apply({ perHost: 2 });
  assert.ok(world.plan().decisions.every(({ type }) => type !== 'edge-kept'));
  world.settle(10);
  assert.equal(world.state.hosts['h1']?.slots['stream-1']?.generation, 2);
});

test('a host may be removed when it is lost or silent, not while it is there; then its share goes elsewhere', () => {
  const world = farm({ total: 4 }, ['h1', 'h2']);
  const removable = () => checkRemovable(knownHost(world.state, 'h1'), world.observed);
  const refused = (code: string) => (error: unknown) => error instanceof DolphinError && error.code === code;
  assert.throws(removable, refused('E_HOST_UP'));
  world.pass(6_000);
  removable();
  world.operator({ type: 'host-removed', host: 'h1', who: 'test' });
  assert.throws(removable, refused('E_NOT_FOUND'));
  world.hosts.delete('h1');
  world.settle(10);
  assert.equal(world.host('h2').live('stream').length, 4);
});

test('a host that is drained without a deadline has the one of the farm, or five minutes', () => {
  const { state } = farm({ perHost: 1 });
  assert.equal(drainDeadline(state, undefined), 300_000);
  assert.equal(drainDeadline(state, 5), 5);
  assert.equal(drainDeadline(farm({ perHost: 1 }, ['h1'], { drainDeadlineMs: 7 }).state, undefined), 7);
});
