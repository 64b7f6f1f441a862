import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DecisionDraft } from '@dolphin/master/domain/decision-draft.js';
import { farmView } from '@dolphin/master/domain/farm-view.js';
import { planView } from '@dolphin/master/domain/plan-view.js';
import { parseFold } from '@dolphin/master/files/fold-snapshot.js';
import { edgeName, type FarmSpec, FarmView, UpdatePolicy, type UpdateView } from '@dolphin/protocol';
import { AT, BROKEN, specOf } from './host-model.js';
import { World } from './world.js';

const PLAN = specOf({ perHost: 0 }).ports;
const ELSEWHERE = { ...PLAN, streamRtmp: 2936, streamHttp: 28081, streamApi: 43332 };

function farm(edges: FarmSpec['edges'] = { perHost: 2 }, hosts = ['h1'], more: Partial<FarmSpec> = {}): World {
  const world = new World(hosts);
  world.elect();
  world.apply(edges, more);
  world.settle(10);
  return world;
}

const policy = (more: Partial<UpdatePolicy>) => ({ update: UpdatePolicy.parse(more) });
const shown = (world: World): UpdateView | undefined => {
  const master = { id: 'm', state: 'leader' as const };
  const view = farmView(world.state, world.observed, { farm: 'main', at: AT, now: world.now, connected: true, master });
  return FarmView.parse(view).update;
};
const engines = (world: World, host = 'h1') =>
  Object.fromEntries([...world.host(host).edges].map(([name, { definition }]) => [name, definition.engine]));
const moves = (decisions: readonly DecisionDraft[]) =>
  decisions.flatMap((one) => {
    if (one.type === 'edge-assigned') return [`assign ${one.host} ${edgeName(one)} ${one.engine}`];
    if (one.type === 'edge-released') return [`release ${one.host} ${edgeName(one)} ${one.drainMs}`];
    return one.type.startsWith('update-') || one.type === 'edge-kept' ? [one.type] : [];
  });
/** What was decided, second by second, until nothing is left to be done. */
function watched(world: World, mostSeconds = 60): string[] {
  const all: string[] = [];
  for (let second = 0; second < mostSeconds; second++) all.push(...moves(world.second().decided));
  return all;
}

test('another engine is rolled out edge by edge: drained, gone, started anew, watched; the back source last', () => {
  const world = farm();
  world.host().crowd('stream-0', 3);
  world.apply({ perHost: 2 }, { engine: 'next', drainDeadlineMs: 9_000, ...policy({ minHealthyMs: 2_000 }) });
  assert.deepEqual(watched(world), [
    'update-started',
    'release h1 stream-1 9000',
    'update-step',
    'assign h1 stream-1 next',
    'release h1 stream-0 9000',
    'update-step',
    'assign h1 stream-0 next',
    'assign h1 back-source-0 next',
    'update-step',
    'update-finished',
  ]);
  assert.deepEqual(engines(world), { 'back-source-0': 'next', 'stream-0': 'next', 'stream-1': 'next' });
  assert.deepEqual(shown(world), { specVersion: 2, state: 'finished', edges: 3, done: 3 });
  assert.deepEqual(world.violations, []);
  world.settle(1);
});

test('the next edge is not begun before the last has been ready for minHealthyMs, as reported', () => {
  const world = farm();
  world.apply({ perHost: 2 }, { engine: 'next', ...policy({ minHealthyMs: 10_000 }) });
  let released = 0;
  for (let second = 0; second < 12; second++) {
    released += moves(world.second().decided).filter((move) => move.startsWith('release')).length;
    assert.ok(released <= 1, `in second ${second}`);
  }
  assert.deepEqual(shown(world), { specVersion: 2, state: 'running', edges: 3, done: 0 });
  watched(world);
  assert.equal(shown(world)?.state, 'finished');
});

test('what moves to other ports is started beside the old one, which drains when it is ready', () => {
  const world = farm({ perHost: 1 });
  world.host().crowd('stream-0', 5);
  world.apply({ perHost: 1 }, { ports: ELSEWHERE, ...policy({ minHealthyMs: 0 }) });
  world.second();
  assert.deepEqual(
    world
      .host()
      .podState()
      .edges.map(({ role, generation, state, clients }) => [role, generation, state, clients]),
    [
      ['back-source', 1, 'ready', 0],
      ['stream', 2, 'starting', 0],
      ['stream', 1, 'ready', 5],
    ],
  );
  assert.ok(watched(world).every((move) => !move.startsWith('release')));
  assert.equal(world.state.hosts['h1']?.slots['stream-0']?.ports.rtmp, 2936);
  assert.deepEqual(world.violations, []);
});

test('what is on its way, and not reported yet, is in the way of the next one on its ports', () => {
  const world = farm({ perHost: 1 }, ['h1'], { ports: ELSEWHERE });
  world.apply({ perHost: 1 }, { engine: 'next', ...policy({ minHealthyMs: 0 }) });
  for (let round = 0; round < 4; round++) world.carryOut(world.plan());
  assert.equal(world.host().file.slots.find(({ role }) => role === 'stream')?.generation, 2);
  world.apply({ perHost: 1 }, { ...policy({ minHealthyMs: 0 }) });
  watched(world);
  assert.deepEqual(engines(world), { 'back-source-0': 'builtin', 'stream-0': 'builtin' });
  assert.deepEqual(world.violations, []);
});

test('another origin changes back sources alone, one host after the other', () => {
  const world = farm({ perHost: 2 }, ['h1', 'h2']);
  world.apply({ perHost: 2 }, { origins: ['10.0.0.1:1935'], ...policy({ minHealthyMs: 1_000 }) });
  assert.deepEqual(watched(world), [
    'update-started',
    'assign h1 back-source-0 builtin',
    'update-step',
    'assign h2 back-source-0 builtin',
    'update-step',
    'update-finished',
  ]);
  assert.deepEqual(world.violations, []);
});

test('an edge that its pod gives up stops the update: the rest stays as it is, and the view says why', () => {
  const world = farm({ perHost: 3 });
  world.apply({ perHost: 3 }, { engine: BROKEN });
  const all = watched(world, 30);
  assert.equal(all.filter((move) => move.startsWith('release')).length, 1);
  assert.equal(all.filter((move) => move === 'update-stopped').length, 1);
  assert.deepEqual(shown(world), {
    specVersion: 2,
    state: 'stopped',
    edges: 4,
    done: 0,
    why: 'stream-0 of h1: its pod gave it up',
  });
  assert.equal(Object.values(engines(world)).filter((engine) => engine === 'builtin').length, 3);

  world.apply({ perHost: 3 });
  watched(world);
  assert.ok(Object.values(engines(world)).every((engine) => engine === 'builtin'));
  assert.equal(shown(world)?.state, 'finished');
  world.settle(1);
  assert.deepEqual(world.violations, []);
});

test('asked for again, an update that stopped is tried again', () => {
  const world = farm({ perHost: 2 });
  world.apply({ perHost: 2 }, { engine: BROKEN });
  watched(world, 12);
  const generation = () => world.state.hosts['h1']?.slots['stream-0']?.generation ?? 0;
  const before = generation();
  world.apply({ perHost: 2 }, { engine: BROKEN });
  assert.deepEqual(moves(world.second().decided), ['update-started', `assign h1 stream-0 ${BROKEN}`, 'update-step']);
  assert.equal(generation(), before + 1);
  assert.equal(watched(world, 10).at(-1), 'update-stopped');
});

test('with onFailure: continue the rest is changed all the same, and each failure is told once', () => {
  const world = farm({ perHost: 2 });
  const told: string[] = [];
  world.apply({ perHost: 2 }, { engine: BROKEN, ...policy({ onFailure: 'continue', deadlineMs: 6_000 }) });
  for (let second = 0; second < 12; second++) {
    for (const one of world.second().decided) if (one.type === 'update-edge-failed') told.push(edgeName(one));
  }
  assert.deepEqual(told, ['stream-0', 'stream-1', 'back-source-0']);
  assert.deepEqual(shown(world), { specVersion: 2, state: 'finished', edges: 3, done: 3, failed: 3 });
});

test('an edge that is not ready for long enough by its deadline stops the update; the drain before does not count', () => {
  const world = farm({ perHost: 1 });
  world.host().crowd('stream-0', 20);
  world.apply({ perHost: 1 }, { engine: 'next', ...policy({ minHealthyMs: 9_900, deadlineMs: 10_000 }) });
  for (let second = 0; second < 20; second++) world.second();
  assert.equal(shown(world)?.state, 'running');
  for (let second = 0; second < 14; second++) world.second();
  assert.match(shown(world)?.why ?? '', /^stream-0 of h1: it was not ready for 9900 ms within 10000 ms$/);
});

test('another revision of a conf changes each edge, and the view says which one it runs', () => {
  const conf = (revision: number) => ({ conf: { name: 'fast', revision }, ...policy({ minHealthyMs: 0 }) });
  const world = farm({ perHost: 1 }, ['h1'], conf(1));
  world.apply({ perHost: 1 }, conf(2));
  watched(world, 5);
  assert.equal(shown(world)?.why, 'host h1 has no conf fast');
  const words = { epoch: 1, version: '0', rtmp: [19350], http: [8088], confs: ['fast'] };
  world.fact('h1', { type: 'host-joined', ...words });
  world.apply({ perHost: 1 }, conf(2));
  watched(world);
  const master = { id: 'm', state: 'leader' as const };
  const { edges } = farmView(world.state, world.observed, {
    ...{ farm: 'main', at: AT, now: world.now, connected: true, master },
  });
  assert.deepEqual(
    edges.map((edge) => [edgeName(edge), edge.generation, edge.conf]),
    [
      ['back-source-0', 2, { name: 'fast', revision: 2 }],
      ['stream-0', 2, { name: 'fast', revision: 2 }],
    ],
  );
  world.apply({ perHost: 1 }, { conf: { name: 'slow', revision: 1 } });
  watched(world, 5);
  assert.equal(shown(world)?.why, 'host h1 has no conf slow');
});

test('a host that names no such engine is not touched for it', () => {
  const world = new World(['h1']);
  const words = { epoch: 1, version: '0', rtmp: [19350], http: [8088], engines: ['builtin'] };
  world.fact('h1', { type: 'host-joined', ...words });
  world.elect();
  world.apply({ perHost: 2 });
  world.settle(10);
  world.apply({ perHost: 2 }, { engine: 'next' });
  assert.deepEqual(watched(world, 5), ['update-started', 'update-stopped']);
  assert.equal(shown(world)?.why, 'host h1 has no engine next');
});

test('an edge that the log does not know is left alone, and one whose host falls silent is not waited for without end', () => {
  const world = farm({ perHost: 1 }, ['h1', 'h2']);
  const unknown = world.host('h1').edges.get('stream-0')!;
  world.host('h1').foreign.add('stream-0');
  unknown.definition = { ...unknown.definition, generation: 9 };
  world.host('h2').crowd('stream-0', 99);
  world.apply({ perHost: 1 }, { engine: 'next', ...policy({ minHealthyMs: 0, deadlineMs: 20_000 }) });
  watched(world, 5);
  assert.deepEqual(world.violations, []);
  assert.deepEqual(
    [engines(world, 'h1')['stream-0'], world.host('h2').edges.get('stream-0')?.state],
    ['builtin', 'draining'],
  );
  world.decide([{ type: 'host-unmanaged', host: 'h2', silentMs: 6_000 }]);
  world.hosts.delete('h2');
  watched(world, 40);
  assert.match(shown(world)?.why ?? '', /^stream-0 of h2: it was not ready for 0 ms within 20000 ms$/);
});

test('a rollback takes back what is in hand: what still drains is kept, what was changed is changed back', () => {
  const world = farm({ perHost: 3 });
  for (const name of world.host().live('stream')) world.host().crowd(name, 8);
  world.apply({ perHost: 3 }, { engine: 'next', ...policy({ minHealthyMs: 1_000 }) });
  for (let second = 0; second < 15; second++) world.second();
  const { slots } = world.state.hosts['h1']!;
  assert.deepEqual([slots['stream-0']?.engine, slots['stream-1']?.status], ['next', 'released']);
  world.apply({ perHost: 3 });
  const all = watched(world);
  assert.deepEqual(all, [
    'edge-kept',
    'update-started',
    'release h1 stream-0 300000',
    'update-step',
    'assign h1 stream-0 builtin',
    'update-finished',
  ]);
  assert.ok(Object.values(engines(world)).every((engine) => engine === 'builtin'));
  assert.equal(world.state.hosts['h1']?.slots['stream-1']?.generation, 1);
  assert.deepEqual(world.violations, []);
});

test('a farm that shrinks meanwhile gives up a place that was held', () => {
  const world = farm({ perHost: 2 });
  for (const name of world.host().live('stream')) world.host().crowd(name, 4);
  world.apply({ perHost: 2 }, { engine: 'next' });
  world.second();
  world.apply({ perHost: 1 }, { engine: 'next', ...policy({ minHealthyMs: 0 }) });
  watched(world);
  assert.deepEqual(engines(world), { 'back-source-0': 'next', 'stream-1': 'next' });
  assert.deepEqual(world.violations, []);
  world.settle(1);
});

test('no step takes more of the viewers than it may, but for a single edge; nor all edges of a host', () => {
  const begun = (more: Partial<UpdatePolicy>, clients: readonly number[]) => {
    const world = farm({ perHost: 4 });
    for (const [slot, count] of clients.entries()) world.host().crowd(`stream-${slot}`, count);
    world.apply({ perHost: 4 }, { engine: 'next', ...policy({ maxParallel: 8, ...more }) });
    const moved = moves(world.second().decided).filter((move) => move.startsWith('release'));
    return moved.map((move) => move.split(' ')[2]);
  };
  assert.deepEqual(begun({ viewerPercent: 30 }, [40, 30, 20, 10]), ['stream-3', 'stream-2']);
  assert.deepEqual(begun({ viewerPercent: 5 }, [40, 30, 20, 10]), ['stream-3']);
  assert.deepEqual(begun({ viewerPercent: 100 }, [4, 3, 2, 1]), ['stream-3', 'stream-2', 'stream-1']);
});

test('a new leader goes on where the one before ended, and watches as long again', () => {
  const world = farm({ perHost: 2 });
  world.apply({ perHost: 2 }, { engine: 'next', ...policy({ minHealthyMs: 5_000 }) });
  for (let second = 0; second < 7; second++) world.second();
  world.elect();
  let waited = 0;
  while (!moves(world.second().decided).includes('update-step')) waited++;
  assert.ok(waited >= 5, `${waited} s`);
  watched(world);
  assert.equal(shown(world)?.state, 'finished');
  assert.deepEqual(parseFold(JSON.parse(JSON.stringify(world.state))), world.state);
});

test('a host that comes back as something else is changed then', () => {
  const world = farm({ perHost: 1 }, ['h1', 'h2']);
  world.decide([{ type: 'host-lost', host: 'h2', silentMs: 6_000 }]);
  const away = world.host('h2');
  world.hosts.delete('h2');
  world.apply({ perHost: 1 }, { engine: 'next', ...policy({ minHealthyMs: 0 }) });
  world.observed = {
    ...world.observed,
    hosts: { ...world.observed.hosts, h2: { ...world.observed.hosts['h2']!, silentMs: 9_000 } },
  };
  watched(world, 30);
  assert.equal(shown(world)?.state, 'finished');
  world.hosts.set('h2', away);
  watched(world, 30);
  assert.deepEqual([engines(world, 'h2')['stream-0'], shown(world)?.state], ['next', 'finished']);
});

test('a plan says which edges are changed, in what and in which order', () => {
  const world = farm({ perHost: 1 }, ['h1', 'h2']);
  const { steps } = planView(world.state, world.observed, specOf({ perHost: 2 }, { engine: 'next' }));
  assert.deepEqual(
    steps.map((step) => `${step.action} ${step.host} ${edgeName(step)} ${step.why}`),
    [
      'assign h1 stream-1 the specification asks for it',
      'assign h2 stream-1 the specification asks for it',
      'update h1 stream-0 engine builtin → next',
      'update h1 back-source-0 engine builtin → next',
      'update h2 stream-0 engine builtin → next',
      'update h2 back-source-0 engine builtin → next',
    ],
  );
});
