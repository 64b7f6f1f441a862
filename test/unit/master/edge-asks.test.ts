import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignedEdge, checkDrainable, knownEdge } from '@dolphin/master/domain/edge-asks.js';
import { farmView, isSettled } from '@dolphin/master/domain/farm-view.js';
import { parseFold } from '@dolphin/master/files/fold-snapshot.js';
import { DolphinError, edgeName, type FarmSpec, FarmView } from '@dolphin/protocol';
import { AT } from './host-model.js';
import { World } from './world.js';

function farm(edges: FarmSpec['edges'], hosts = ['h1']): World {
  const world = new World(hosts);
  world.elect();
  world.apply(edges);
  world.settle(10);
  return world;
}

type Ask = 'edge-drain-asked' | 'edge-restart-asked' | 'edge-undrain-asked' | 'edge-kill-asked';
function ask(world: World, type: Ask, slot: number, deadlineMs = 60_000): number {
  const generation = slotOf(world, slot).generation;
  const about = { host: 'h1', role: 'stream' as const, slot, generation, who: 'test' };
  if (type === 'edge-undrain-asked' || type === 'edge-kill-asked') return world.operator({ type, ...about });
  return world.operator({ type, ...about, deadlineMs });
}
function slotOf(world: World, slot: number) {
  const found = world.state.hosts['h1']?.slots[`stream-${slot}`];
  assert.ok(found);
  return found;
}
const live = (world: World, host = 'h1') => world.host(host).live('stream').sort();
const sentAfter = (world: World, count: number) =>
  world.sent.slice(count).map(({ body }) => {
    if (body.type === 'adopt') return 'adopt';
    const edge = body.type === 'spawn' ? body.edge : body;
    return `${body.type} ${edgeName(edge)} ${edge.generation}`;
  });
const shown = (world: World) => {
  const master = { id: 'm', state: 'leader' as const };
  const view = farmView(world.state, world.observed, { farm: 'main', at: AT, now: world.now, connected: true, master });
  return FarmView.parse(view).edges.flatMap((edge) => (edge.role === 'stream' ? [`${edge.slot} ${edge.state}`] : []));
};

test('an edge that is drained waits for its clients, and its slot stays empty until it is undrained', () => {
  const world = farm({ perHost: 3 });
  world.host().crowd('stream-1', 3);
  ask(world, 'edge-drain-asked', 1);
  const asked = world.state.lastMove?.entryId;
  const [decision] = world.plan().decisions;
  assert.deepEqual(decision?.type === 'edge-released' && [decision.slot, decision.drainMs], [1, 60_000]);
  assert.deepEqual([decision?.causationId, decision?.correlationId], [asked, asked]);
  world.second();
  world.second();
  assert.deepEqual(shown(world), ['0 ready', '1 draining', '2 ready']);
  world.settle(12);
  assert.deepEqual(live(world), ['stream-0', 'stream-2']);
  assert.deepEqual(shown(world), ['0 ready', '1 drained', '2 ready']);
  assert.equal(isSettled(world.state, world.observed), true);
  assert.deepEqual(parseFold(JSON.parse(JSON.stringify(world.state))), world.state);
  world.apply({ perHost: 4 });
  world.settle(12);
  assert.deepEqual(live(world), ['stream-0', 'stream-2', 'stream-3']);
  ask(world, 'edge-undrain-asked', 1);
  world.settle(12);
  assert.deepEqual(live(world), ['stream-0', 'stream-1', 'stream-2', 'stream-3']);
  assert.equal(slotOf(world, 1).generation, 2);
});

test('a drain that is taken back in time keeps the process', () => {
  const world = farm({ perHost: 2 });
  world.host().crowd('stream-1', 30);
  ask(world, 'edge-drain-asked', 1);
  world.second();
  world.second();
  const before = world.sent.length;
  ask(world, 'edge-undrain-asked', 1);
  world.settle(10);
  assert.deepEqual(sentAfter(world, before), ['undrain stream-1 1']);
  assert.deepEqual(shown(world), ['0 ready', '1 ready']);
});

test('in a farm of a total others take the share of an edge that is drained, and give it back', () => {
  const world = farm({ total: 4 }, ['h1', 'h2']);
  world.host('h1').crowd('stream-0', 30);
  ask(world, 'edge-drain-asked', 0);
  world.settle(40);
  assert.equal(live(world, 'h1').length + live(world, 'h2').length, 4);
  assert.ok(!live(world).includes('stream-0'));
  ask(world, 'edge-undrain-asked', 0);
  world.settle(12);
  assert.equal(live(world, 'h1').length + live(world, 'h2').length, 4);
});

test('a drain without a deadline is a kill; asked again with one that is shorter, it holds for those that drain already', () => {
  const world = farm({ perHost: 2 });
  for (const name of ['stream-0', 'stream-1']) world.host().crowd(name, 1_000);
  ask(world, 'edge-drain-asked', 0, 0);
  ask(world, 'edge-drain-asked', 1, 3_600_000);
  world.second();
  world.second();
  const before = world.sent.length;
  ask(world, 'edge-drain-asked', 1, 0);
  world.second();
  assert.deepEqual(sentAfter(world, before), ['kill stream-1 1']);
  world.settle(10);
  assert.deepEqual(shown(world), ['0 drained', '1 drained']);
  assert.equal(world.host().edges.size, 0, 'its back source, too');
});

test('the drain of a host takes its edges with the deadline of the host, also those that drain already', () => {
  const world = farm({ perHost: 2 });
  world.host().crowd('stream-1', 1_000);
  ask(world, 'edge-drain-asked', 1, 3_600_000);
  world.second();
  world.operator({ type: 'host-drain-asked', host: 'h1', deadlineMs: 0, who: 'test' });
  world.settle(10);
  assert.equal(world.host().edges.size, 0);
  world.operator({ type: 'host-undrain-asked', host: 'h1', who: 'test' });
  world.settle(10);
  assert.deepEqual(shown(world), ['0 ready', '1 drained']);
});

test('a restart is one command, after which a new generation has the place of the old one', () => {
  const world = farm({ perHost: 2 });
  world.host().crowd('stream-1', 3);
  const { ports } = slotOf(world, 1);
  ask(world, 'edge-restart-asked', 1);
  const before = world.sent.length;
  world.second();
  world.second();
  assert.deepEqual(shown(world), ['0 ready', '1 draining']);
  world.settle(12);
  assert.deepEqual(sentAfter(world, before), ['restart stream-1 2']);
  assert.deepEqual([slotOf(world, 1).generation, slotOf(world, 1).ports], [2, ports]);
  assert.deepEqual(shown(world), ['0 ready', '1 ready']);
  assert.deepEqual(world.violations, []);
});

test('a restart that was lost is sent again, and one that goes on is not begun anew by another leader', () => {
  const world = farm({ perHost: 1 });
  world.host().crowd('stream-0', 9);
  ask(world, 'edge-restart-asked', 0);
  world.carryOut(world.plan());
  const before = world.sent.length;
  world.carryOut(world.plan(), () => 'lost');
  world.second();
  world.second();
  world.elect();
  world.second();
  world.second();
  assert.deepEqual(sentAfter(world, before), ['restart stream-0 2', 'restart stream-0 2', 'adopt']);
});

test('the back source is restarted without a drain, and not drained at all', () => {
  const world = farm({ perHost: 1 });
  const key = { role: 'back-source', slot: 0 } as const;
  const about = { host: 'h1', ...key, generation: 1, deadlineMs: 60_000, who: 'test' };
  world.operator({ type: 'edge-restart-asked', ...about });
  const before = world.sent.length;
  world.settle(10);
  assert.deepEqual(sentAfter(world, before), ['restart back-source-0 2']);
  assert.deepEqual(
    world.sent.slice(before).map(({ body }) => body.type === 'restart' && body.drainMs),
    [0],
  );
  assert.throws(() => checkDrainable(key), code('E_UNSUPPORTED'));
});

for (const isTaken of [true, false]) {
  test(`an edge that takes over is drained when its restart was ${isTaken ? 'taken' : 'lost'}, and killed as well`, () => {
    for (const type of ['edge-drain-asked', 'edge-kill-asked'] as const) {
      const world = farm({ perHost: 1 });
      world.host().crowd('stream-0', 5);
      ask(world, 'edge-restart-asked', 0);
      world.carryOut(world.plan());
      world.carryOut(world.plan(), () => (isTaken ? 'answered' : 'lost'));
      if (isTaken) world.second();
      ask(world, type, 0);
      world.settle(20);
      const end = type === 'edge-drain-asked' ? ['0 drained'] : ['0 ready'];
      assert.deepEqual([shown(world), world.violations], [end, []], type);
    }
  });
}

test('an edge that takes over says why its host refuses that, while the old one serves on', () => {
  const world = farm({ perHost: 1 });
  ask(world, 'edge-restart-asked', 0);
  world.carryOut(world.plan());
  const { entryId } = slotOf(world, 0).decided;
  const refused = { code: 'E_ENGINE_UNKNOWN', message: 'engine builtin is not configured on this host' };
  world.fact('h1', { type: 'command-refused', commandId: `${entryId}/1`, ...refused });
  const master = { id: 'm', state: 'leader' as const };
  const view = farmView(world.state, world.observed, { farm: 'main', at: AT, now: world.now, connected: true, master });
  const edge = view.edges.find(({ role }) => role === 'stream');
  assert.deepEqual([edge?.state, edge?.refusal], ['ready', refused]);
});

test('what is asked of an edge that is not there is refused; one that was drained is known', () => {
  const world = farm({ perHost: 2 });
  ask(world, 'edge-drain-asked', 1, 0);
  world.settle(10);
  const host = world.state.hosts['h1']!;
  assert.throws(() => assignedEdge(host, { role: 'stream', slot: 1 }), code('E_NOT_FOUND'));
  assert.throws(() => knownEdge(host, { role: 'stream', slot: 7 }), code('E_NOT_FOUND'));
  assert.equal(knownEdge(host, { role: 'stream', slot: 1 }).slot, 1);
  assert.equal(assignedEdge(host, { role: 'stream', slot: 0 }).slot, 0);
});

function code(wanted: string) {
  return (error: unknown) => error instanceof DolphinError && error.code === wanted;
}
