import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSpec } from '@dolphin/master/domain/apply-rules.js';
import { farmView, isSettled } from '@dolphin/master/domain/farm-view.js';
import { edgeName, edgePorts, type FarmSpec, FarmView, portConflicts } from '@dolphin/protocol';
import { AT, specOf } from './host-model.js';
import { World } from './world.js';

function farm(edges: FarmSpec['edges'], hosts = ['h1'], more: Partial<FarmSpec> = {}): World {
  const world = new World(hosts);
  world.elect();
  world.apply(edges, more);
  world.settle(10);
  return world;
}

const live = (world: World, host = 'h1') => [...world.host(host).edges.keys()].sort();
const viewOf = (world: World) => {
  const master = { id: 'm', state: 'leader' as const };
  const of = { farm: 'main', at: AT, now: world.now, connected: true, master };
  return FarmView.parse(farmView(world.state, world.observed, of));
};
const decided = (world: World) =>
  world.plan().decisions.map((one) => ('slot' in one ? `${one.type} ${edgeName(one)}` : one.type));

test('each host with stream edges gets an http edge that pulls from its back source, where the specification says so', () => {
  const world = farm({ total: 2, http: 1 }, ['h1', 'h2', 'h3']);
  const hosts = ['h1', 'h2', 'h3'].map((name) => live(world, name));
  const one = ['back-source-0', 'http-0', 'stream-0'];
  assert.deepEqual(
    hosts.sort((a, b) => a.length - b.length),
    [[], one, one],
  );
  const http = viewOf(world).edges.find(({ role }) => role === 'http');
  assert.deepEqual(http?.origins, ['127.0.0.1:11935']);
  assert.deepEqual(http?.ports, { rtmp: 11936, http: 18079, api: 33329 });
});

test('it counts neither as one of the stream edges nor against what a host takes', () => {
  const world = new World(['h1']);
  world.reconfigure('h1', { capacity: 2 });
  world.elect();
  world.apply({ perHost: 2, http: 1 });
  world.settle(10);
  assert.deepEqual(live(world), ['back-source-0', 'http-0', 'stream-0', 'stream-1']);
  const { hosts, totals, settled, problems } = viewOf(world);
  assert.deepEqual([hosts[0]?.desired, hosts[0]?.ready, totals.ready], [2, 2, 2]);
  assert.deepEqual([settled, problems], [true, undefined]);
});

test('its viewers are counted with the others, and are drained with them before the back source goes', () => {
  const world = farm({ perHost: 1, http: 1 });
  world.host().crowd('http-0', 5);
  world.hear('h1');
  assert.equal(viewOf(world).totals.clients, 5);
  world.apply({ perHost: 0, http: 1 }, { drainDeadlineMs: 9_000 });
  assert.deepEqual(decided(world), ['edge-released stream-0', 'edge-released http-0']);
  for (let second = 0; second < 5; second++) world.second();
  assert.deepEqual(live(world), ['back-source-0', 'http-0'], 'the stream edge had nobody');
  world.settle(20);
  assert.deepEqual(live(world), []);
});

test('it comes and goes by the specification alone, and one that drains is kept when it is wanted again', () => {
  const world = farm({ perHost: 1 });
  assert.deepEqual(live(world), ['back-source-0', 'stream-0']);
  world.apply({ perHost: 1, http: 1 });
  assert.equal(isSettled(world.state, world.observed), false);
  world.settle(10);
  world.host().crowd('http-0', 9);
  world.hear('h1');
  world.apply({ perHost: 1 });
  world.second();
  world.second();
  world.apply({ perHost: 1, http: 1 });
  assert.deepEqual(decided(world), ['edge-kept http-0']);
  world.settle(20);
  assert.equal(world.state.hosts['h1']?.slots['http-0']?.generation, 1);
});

test('one that an operator drains stays away until that is taken back, and the farm is settled meanwhile', () => {
  const world = farm({ perHost: 1, http: 1 });
  const about = { host: 'h1', role: 'http' as const, slot: 0, generation: 1, who: 'test' };
  world.operator({ type: 'edge-drain-asked', ...about, deadlineMs: 1_000 });
  world.settle(10);
  assert.deepEqual(live(world), ['back-source-0', 'stream-0']);
  assert.equal(viewOf(world).settled, true);
  world.operator({ type: 'edge-undrain-asked', ...about });
  world.settle(10);
  assert.deepEqual(live(world), ['back-source-0', 'http-0', 'stream-0']);
  world.operator({ type: 'edge-restart-asked', ...about, generation: 2, deadlineMs: 0 });
  world.settle(10);
  world.operator({ type: 'edge-kill-asked', ...about, generation: 3 });
  world.settle(10);
  assert.equal(world.state.hosts['h1']?.slots['http-0']?.generation, 4);
  world.operator({ type: 'host-cordoned', host: 'h1', who: 'test' });
  world.operator({ type: 'edge-kill-asked', ...about, generation: 4 });
  world.settle(10);
  assert.deepEqual(live(world), ['back-source-0', 'stream-0'], 'nothing new comes to a closed host');
});

test('another engine rolls through it as well, before its back source', () => {
  const world = farm({ perHost: 1, http: 1 });
  world.apply({ perHost: 1, http: 1 }, { engine: 'next' });
  const changed: string[] = [];
  for (let second = 0; second < 60; second++) {
    for (const one of world.second().decided) if (one.type === 'edge-assigned') changed.push(edgeName(one));
  }
  assert.deepEqual(changed, ['stream-0', 'http-0', 'back-source-0']);
});

test('its ports collide with no others, and are refused where the specification makes them', () => {
  const { ports } = specOf({ perHost: 1 });
  assert.deepEqual(portConflicts(ports, { stream: 64, http: 1 }), []);
  const clash = { ...ports, httpHttp: edgePorts(ports, { role: 'stream', slot: 1 }).rtmp };
  const { state } = farm({ perHost: 1 });
  const check = (edges: FarmSpec['edges']) => () => checkSpec(state, specOf(edges, { ports: clash }));
  assert.throws(check({ perHost: 2, http: 1 }), /stream-1 \(RTMP\) and http-0 \(HTTP\)/);
  check({ perHost: 2 })();
});
