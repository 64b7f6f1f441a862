import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowsOf } from '@dolphin/master/app/event-pages.js';
import { farmView } from '@dolphin/master/domain/farm-view.js';
import { heard, NOTHING_OBSERVED, spawnAnswered } from '@dolphin/master/domain/observation.js';
import { viewRows } from '@dolphin/master/redis/view-rows.js';
import { EventRow, FarmView } from '@dolphin/protocol';
import { FARM_ID } from './host-model.js';
import { World } from './world.js';

const AT = '2026-01-01T00:00:00.000Z';
const view = (world: World) =>
  farmView(world.state, world.observed, {
    farm: 'main',
    at: AT,
    now: world.now,
    connected: true,
    master: { id: 'm', state: 'leader' },
  });

function farm(edges: number): World {
  const world = new World(['h1']);
  world.elect();
  world.apply({ perHost: edges });
  world.settle(10);
  return world;
}

test('a view has hosts, edges with their private API addresses, and totals; it is what the protocol says', () => {
  const one = FarmView.parse(view(farm(2)));
  assert.equal(one.settled, true);
  assert.deepEqual(
    one.edges.map(({ role, slot, state, api }) => [role, slot, state, api]),
    [
      ['back-source', 0, 'ready', 'http://127.0.0.1:33331'],
      ['stream', 0, 'ready', 'http://127.0.0.1:33332'],
      ['stream', 1, 'ready', 'http://127.0.0.1:33333'],
    ],
  );
  assert.deepEqual(one.totals, { hosts: 1, hostsUp: 1, desired: 2, ready: 2, clients: 0, kbitPerS: 0 });
  assert.equal(one.leader?.term, 1);
});

test('what was asked for and has no place stands among the problems, with its reason, until it has one', () => {
  const world = farm(4);
  assert.equal(view(world).problems, undefined);
  world.reconfigure('h1', { capacity: 1 });
  assert.deepEqual(FarmView.parse(view(world)).problems, [
    { code: 'E_PLACEMENT_SHORT', message: '1 of 4 stream edges have a place: h1 takes 1 edge' },
  ]);
  world.reconfigure('h1', { capacity: 4 });
  assert.equal(view(world).problems, undefined);
});

test('private APIs are shown where they listen: on the loopback of their host, or at its private address', () => {
  const world = farm(1);
  const heartbeat = world.host().heartbeat();
  const shown = (privateAddress?: string) => {
    const pod = heartbeat.pod && {
      ...heartbeat.pod,
      edges: heartbeat.pod.edges.map((edge) => ({ ...edge, ...(privateAddress && { privateAddress }) })),
    };
    world.observed = heard(world.observed, { ...heartbeat, address: '10.77.0.2', pod }, world.now);
    const { hosts, edges } = FarmView.parse(view(world));
    return { host: hosts[0]?.privateAddress, apis: edges.map(({ api }) => api) };
  };
  const onLoopback = ['http://127.0.0.1:33331', 'http://127.0.0.1:33332'];
  assert.deepEqual(shown(), { host: '127.0.0.1', apis: onLoopback });
  const atOwn = ['http://10.77.0.2:33331', 'http://10.77.0.2:33332'];
  assert.deepEqual(shown('10.77.0.2'), { host: undefined, apis: atOwn });
});

test('what is decided but not reported is assigned; what is reported but not decided is unknown', () => {
  const world = farm(1);
  world.apply({ perHost: 2 });
  world.carryOut(world.plan());
  world.host().addForeign('stream', 7, 1);
  world.hear('h1');
  const states = Object.fromEntries(view(world).edges.map((edge) => [`${edge.role}-${edge.slot}`, edge.state]));
  assert.deepEqual(states, {
    'back-source-0': 'ready',
    'stream-0': 'ready',
    'stream-1': 'assigned',
    'stream-7': 'unknown',
  });
  assert.equal(view(world).settled, false);
});

test('an edge that its host refuses says why, also while it is asked again, and no more once it is taken or is another', () => {
  const world = farm(1);
  world.apply({ perHost: 2 });
  world.carryOut(world.plan());
  const refusal = { code: 'E_ENGINE_UNKNOWN', message: 'engine nope is not configured on this host' };
  const shown = () => FarmView.parse(view(world)).edges.find(({ slot }) => slot === 1)?.refusal;
  assert.equal(shown(), undefined);
  const refused = (generation: number) => spawnAnswered(world.observed, 'h1', 'stream-1', { generation, ...refusal });
  world.observed = refused(1);
  assert.deepEqual(shown(), refusal);
  world.observed = spawnAnswered(world.observed, 'h1', 'stream-1', null);
  assert.equal(shown(), undefined);
  world.observed = refused(7);
  assert.equal(shown(), undefined, 'of another generation');
});

test('a master that has just started shows what the log says', () => {
  const world = farm(2);
  world.observed = NOTHING_OBSERVED;
  const one = FarmView.parse(view(world));
  assert.deepEqual(
    one.edges.map((edge) => edge.state),
    ['assigned', 'assigned', 'assigned'],
  );
  assert.equal(one.hosts[0]?.liveness, 'joining');
  assert.equal(one.settled, false);
});

test('a row of events has the fields of its entry, and who wrote it', () => {
  const [first] = rowsOf({
    sequence: 5,
    at: AT,
    envelope: {
      v: 1,
      kind: 'decisions',
      farmId: FARM_ID,
      at: AT,
      master: 'm',
      term: 2,
      basis: 4,
      entries: [{ type: 'host-lost', id: 'e1', causationId: 'c', host: 'h1', silentMs: 5001 }],
    },
  });
  assert.deepEqual(EventRow.parse(first), {
    sequence: 5,
    index: 0,
    at: AT,
    kind: 'decision',
    by: 'm',
    type: 'host-lost',
    id: 'e1',
    causationId: 'c',
    data: { host: 'h1', silentMs: 5001 },
  });
});

test('rows for Redis are names and values in turn, stamped with the sequence and the term', () => {
  const world = farm(1);
  const rows = viewRows(view(world));
  for (const fields of [
    rows.farm,
    rows.sample,
    ...rows.hosts.map((row) => row.fields),
    ...rows.edges.map((row) => row.fields),
  ]) {
    assert.equal(fields.length % 2, 0);
    const names = fields.filter((_, index) => index % 2 === 0);
    assert.equal(new Set(names).size, names.length, 'each name once');
    const value = (name: string) => fields[fields.indexOf(name) + 1];
    assert.equal(value('sequence'), String(world.state.sequence));
    assert.equal(value('term'), '1');
  }
  assert.deepEqual(
    rows.edges.map((row) => row.key),
    ['dolphin:main:edge:h1:back-source-0', 'dolphin:main:edge:h1:stream-0'],
  );
});

test('of two edges of a slot, one of which replaces the other, Redis has the newest', () => {
  const one = view(farm(1));
  const edges = one.edges.flatMap((edge) => {
    if (edge.role !== 'stream') return [edge];
    return [
      { ...edge, name: 'stream-0.b' },
      { ...edge, name: 'stream-0', state: 'draining' as const },
    ];
  });
  const rows = viewRows({ ...one, edges }).edges.filter((row) => row.name === 'h1:stream-0');
  assert.equal(rows.length, 1);
  const fields = rows[0]?.fields ?? [];
  assert.deepEqual(
    ['name', 'state'].map((name) => fields[fields.indexOf(name) + 1]),
    ['stream-0.b', 'ready'],
  );
});
