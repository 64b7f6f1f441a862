import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortageOf } from '@dolphin/master/domain/capacity.js';
import { isSettled } from '@dolphin/master/domain/farm-view.js';
import { parseFold } from '@dolphin/master/files/fold-snapshot.js';
import type { FarmSpec } from '@dolphin/protocol';
import fc from 'fast-check';
import type { HostModel } from './host-model.js';
import { World } from './world.js';

function farm(hosts: Record<string, HostModel['placement']>): World {
  const world = new World(Object.keys(hosts));
  for (const [name, placement] of Object.entries(hosts)) world.reconfigure(name, placement);
  world.elect();
  return world;
}
const seconds = (world: World, count: number) => Array.from({ length: count }, () => world.second().decided).flat();
const live = (world: World) => [...world.hosts.values()].map((host) => host.live('stream').length);
const shorts = (decided: ReturnType<typeof seconds>) =>
  decided.flatMap((one) => (one.type === 'placement-short' ? [`${one.placed} of ${one.asked}: ${one.why}`] : []));

test('edges go to the hosts that have all the labels, and leave a host that has them no more', () => {
  const world = farm({ h1: { labels: { zone: 'a', disk: 'fast' } }, h2: { labels: { zone: 'a' } }, h3: {} });
  world.apply({ perHost: 2, on: { zone: 'a' } });
  world.settle(10);
  assert.deepEqual(live(world), [2, 2, 0]);
  world.apply({ total: 3, on: { zone: 'a', disk: 'fast' } });
  world.settle(12);
  assert.deepEqual(live(world), [3, 0, 0]);
  world.reconfigure('h3', { labels: { zone: 'a', disk: 'fast' } });
  world.reconfigure('h1', { labels: { zone: 'b' } });
  world.settle(14);
  assert.deepEqual(live(world), [0, 0, 3]);
  assert.equal(world.host('h1').edges.size, 0, 'its back source, too');
});

test('a label that objects have of themselves is a label like others', () => {
  const world = farm({ h1: {} });
  world.apply({ perHost: 1, on: { constructor: 'x' } });
  seconds(world, 4);
  assert.deepEqual(live(world), [0]);
});

test('a total is spread within what each host takes, and a host that takes fewer than before gives the rest away', () => {
  const world = farm({ h1: { capacity: 1 }, h2: { capacity: 2 }, h3: {} });
  world.apply({ total: 7 });
  world.settle(10);
  assert.deepEqual(live(world), [1, 2, 4]);
  world.reconfigure('h3', { capacity: 3 });
  world.reconfigure('h2', { capacity: 3 });
  world.settle(14);
  assert.deepEqual(live(world), [1, 3, 3]);
});

test('an edge that moves because a host takes fewer follows from its join', () => {
  const world = farm({ h1: { capacity: 2 }, h2: {} });
  world.apply({ perHost: 2 });
  world.settle(10);
  world.reconfigure('h1', { capacity: 1 });
  const joined = world.state.lastMove?.entryId;
  const released = seconds(world, 3).filter(({ type }) => type === 'edge-released');
  assert.deepEqual(
    released.map(({ causationId }) => causationId),
    [joined],
  );
});

test('a shortage is decided once with its reason, and again when it was over and came back', () => {
  const world = farm({ h1: { capacity: 2 }, h2: { capacity: 3 } });
  world.apply({ total: 6 });
  assert.deepEqual(shorts(seconds(world, 6)), ['5 of 6: 2 hosts take 5 edges']);
  assert.equal(isSettled(world.state, world.observed), false);
  assert.deepEqual(parseFold(JSON.parse(JSON.stringify(world.state))), world.state);
  world.reconfigure('h1', { capacity: 3 });
  assert.equal(world.state.short, null);
  assert.deepEqual(shorts(seconds(world, 6)), []);
  assert.equal(isSettled(world.state, world.observed), true);
  world.reconfigure('h1', { capacity: 2 });
  assert.deepEqual(shorts(seconds(world, 6)), ['5 of 6: 2 hosts take 5 edges']);
});

test('hosts that take fewer than are asked for each are short of them, cordoned ones are not', () => {
  const world = farm({ h1: { capacity: 2 }, h2: {} });
  world.apply({ perHost: 3 });
  assert.deepEqual(shorts(seconds(world, 6)), ['5 of 6: h1 takes 2 edges']);
  assert.deepEqual(live(world), [2, 3]);
  world.operator({ type: 'host-cordoned', host: 'h1', who: 'test' });
  assert.equal(world.state.short, null);
  assert.deepEqual(shorts(seconds(world, 6)), []);
});

test('labels that no host has are a shortage, by total and by host', () => {
  const world = farm({ h1: {} });
  world.apply({ perHost: 3, on: { zone: 'z' } });
  assert.deepEqual(shorts(seconds(world, 4)), ['0 of 3: 0 hosts with zone: z are up']);
  assert.equal(isSettled(world.state, world.observed), false);
  world.apply({ total: 3, on: { zone: 'z' } });
  assert.deepEqual(shorts(seconds(world, 4)), ['0 of 3: 0 hosts with zone: z take 0 edges']);
});

test('whatever hosts take and are, none has more than it takes, none without the labels has any, and what is missing is said', () => {
  const placement = fc.record({
    labels: fc.constantFrom<Record<string, string>>({}, { zone: 'a' }, { zone: 'b' }, { zone: 'a', disk: 'fast' }),
    capacity: fc.nat({ max: 4 }),
  });
  const on = fc.constantFrom<Record<string, string>>({}, { zone: 'a' }, { zone: 'a', disk: 'fast' });
  const wish: fc.Arbitrary<FarmSpec['edges']> = fc.oneof(
    fc.record({ perHost: fc.nat({ max: 5 }), on }),
    fc.record({ total: fc.nat({ max: 12 }), on }),
  );
  const hosts = fc.tuple(placement, placement, placement);
  fc.assert(
    fc.property(fc.array(fc.tuple(hosts, wish), { minLength: 1, maxLength: 4 }), (changes) => {
      const world = new World(['h1', 'h2', 'h3']);
      world.elect();
      for (const [[h1, h2, h3], edges] of changes) {
        for (const [name, one] of Object.entries({ h1, h2, h3 })) world.reconfigure(name, one);
        world.apply(edges);
        seconds(world, 16);
        const room = [h1, h2, h3].map(({ labels, capacity }) =>
          Object.entries(edges.on ?? {}).every(([label, value]) => labels[label] === value) ? capacity : 0,
        );
        const most = room.reduce((sum, count) => sum + count, 0);
        const counts = live(world);
        if ('perHost' in edges) {
          assert.deepEqual(
            counts,
            room.map((count) => Math.min(count, edges.perHost)),
          );
        } else {
          assert.equal(
            counts.reduce((sum, count) => sum + count, 0),
            Math.min(most, edges.total),
          );
          assert.ok(counts.every((count, index) => count <= (room[index] ?? 0)));
        }
        const short = shortageOf(world.state);
        assert.equal(world.state.short === null, short === null);
        assert.equal(isSettled(world.state, world.observed), short === null);
        const rest = world.second();
        assert.deepEqual([rest.decided, rest.commands], [[], []]);
      }
    }),
    { numRuns: 200 },
  );
});
