import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heard, observedHost } from '@dolphin/master/domain/observation.js';
import type { Plan } from '@dolphin/master/domain/reconcile.js';
import { edgeName } from '@dolphin/protocol';
import { World } from './world.js';

function farm(edges: number, hosts = ['h1']): World {
  const world = new World(hosts);
  world.elect();
  world.apply({ perHost: edges });
  world.settle(10);
  return world;
}

const commandsOf = (plan: Plan) =>
  plan.commands.map(({ host, body }) =>
    body.type === 'adopt'
      ? `${host} adopt`
      : `${host} ${body.type} ${edgeName(body.type === 'spawn' ? body.edge : body)}`,
  );
const decisionsOf = (plan: Plan) =>
  plan.decisions.map((decision) =>
    decision.type === 'edge-assigned' || decision.type === 'edge-released'
      ? `${decision.host} ${decision.type} ${edgeName(decision)}/${decision.generation}`
      : decision.type,
  );

test('before a host answered adopt, nothing is decided about it', () => {
  const world = new World(['h1']);
  world.elect();
  world.apply({ perHost: 2 });
  world.hear('h1');
  const plan = world.plan();
  assert.deepEqual(commandsOf(plan), ['h1 adopt']);
  assert.deepEqual(plan.decisions, []);
});

test('after adopt a back source and the stream edges are decided, and commanded only from the log', () => {
  const world = new World(['h1']);
  world.elect();
  world.apply({ perHost: 2 });
  world.hear('h1');
  world.carryOut(world.plan());
  const plan = world.plan();
  assert.deepEqual(decisionsOf(plan), [
    'h1 edge-assigned back-source-0/1',
    'h1 edge-assigned stream-0/1',
    'h1 edge-assigned stream-1/1',
  ]);
  assert.deepEqual(plan.commands, []);
  world.carryOut(plan);
  const next = world.plan();
  assert.deepEqual(commandsOf(next).sort(), ['h1 spawn back-source-0', 'h1 spawn stream-0', 'h1 spawn stream-1']);
  assert.ok(next.commands.every((command) => command.sequence === world.state.decisionsSequence && command.term === 1));
});

test('stream edges pull from the back source of their host, and that from the origins', () => {
  const world = farm(1);
  const slots = world.state.hosts['h1']?.slots;
  assert.deepEqual(slots?.['stream-0']?.origins, ['127.0.0.1:11935']);
  assert.deepEqual(slots?.['back-source-0']?.origins, ['127.0.0.1:1935']);
});

test('without a farm-applied nothing is decided, not even about a host that is silent', () => {
  const world = new World(['h1']);
  world.elect();
  world.pass(60_000);
  assert.deepEqual(world.plan().decisions, []);
});

test('from 4 to 8 edges: four assignments, four spawns, each sent once', () => {
  const world = farm(4);
  const before = world.sent.length;
  world.apply({ perHost: 8 });
  world.settle(10);
  const sent = world.sent.slice(before);
  assert.deepEqual(
    sent.map(({ body }) => (body.type === 'spawn' ? edgeName(body.edge) : body.type)),
    ['stream-4', 'stream-5', 'stream-6', 'stream-7'],
  );
});

test('from 4 to 1: the highest slots go, the back source stays', () => {
  const world = farm(4);
  world.apply({ perHost: 1 });
  const plan = world.plan();
  assert.deepEqual(decisionsOf(plan), [
    'h1 edge-released stream-1/1',
    'h1 edge-released stream-2/1',
    'h1 edge-released stream-3/1',
  ]);
  world.settle(10);
  assert.deepEqual(world.host().live('stream'), ['stream-0']);
  assert.deepEqual(world.host().live('back-source'), ['back-source-0']);
});

test('to 0: the back source goes after the last stream edge is gone', () => {
  const world = farm(1);
  world.apply({ perHost: 0 });
  assert.deepEqual(decisionsOf(world.plan()), ['h1 edge-released stream-0/1']);
  world.second();
  assert.deepEqual(world.host().live('back-source'), ['back-source-0']);
  world.settle(10);
  assert.equal(world.host().edges.size, 0);
});

test('a slot that is wanted again gets a new generation, when its last edge is gone', () => {
  const world = farm(2);
  world.apply({ perHost: 1 });
  world.second();
  world.host().tick();
  world.hear('h1');
  world.apply({ perHost: 2 });
  assert.deepEqual(decisionsOf(world.plan()), [], 'stream-1 still ends');
  world.settle(10);
  assert.equal(world.state.hosts['h1']?.slots['stream-1']?.generation, 2);
});

test('a crash between decision and command is healed by the next leader', () => {
  const world = farm(1);
  world.apply({ perHost: 3 });
  world.decide(world.plan().decisions);
  world.elect();
  world.settle(10);
  assert.deepEqual(world.host().live('stream'), ['stream-0', 'stream-1', 'stream-2']);
  assert.equal(world.state.hosts['h1']?.slots['stream-2']?.generation, 1, 'decided once');
  assert.equal(world.sent.at(-1)?.term, 2);
});

test('a lost command is sent again; one that was accepted waits for the heartbeat that shows it', () => {
  const world = farm(1);
  world.apply({ perHost: 2 });
  world.carryOut(world.plan());
  world.carryOut(world.plan(), () => 'lost');
  world.pass(100);
  assert.deepEqual(commandsOf(world.plan()), []);
  world.pass(500);
  assert.deepEqual(commandsOf(world.plan()), ['h1 spawn stream-1']);
  world.carryOut(world.plan());
  world.pass(1_000);
  assert.deepEqual(commandsOf(world.plan()), []);
  world.pass(2_000);
  world.hear('h1');
  assert.deepEqual(commandsOf(world.plan()), []);
});

test('an edge that the log does not know is left alone and passed over', () => {
  const world = new World(['h1']);
  world.host().addForeign('stream', 0, 3);
  world.elect();
  world.apply({ perHost: 1 });
  world.settle(10);
  assert.deepEqual(world.host().live('stream').sort(), ['stream-0', 'stream-1']);
  assert.deepEqual(world.violations, []);
});

test('a slot that its pod gave up is tried again, later each time in a row', () => {
  const world = farm(1);
  world.host().giveUp('stream-0');
  const gaveUp = { type: 'edge-gave-up', role: 'stream', slot: 0, attempts: 5, windowMs: 10_000 } as const;
  world.fact('h1', { ...gaveUp, generation: 1 });
  for (let second = 0; second < 14; second++) assert.deepEqual(world.second().decisions, []);
  world.pass(1_000);
  assert.deepEqual(decisionsOf(world.plan()), ['h1 edge-assigned stream-0/2']);
  world.second();
  world.hear('h1');
  world.host().giveUp('stream-0');
  world.fact('h1', { ...gaveUp, generation: 2 });
  for (let second = 0; second < 29; second++) world.second();
  assert.equal(world.state.hosts['h1']?.slots['stream-0']?.generation, 2);
  world.second();
  world.second();
  assert.equal(world.state.hosts['h1']?.slots['stream-0']?.generation, 3);
});

test('a generation that its pod knows as killed is not asked for in vain', () => {
  const world = farm(1);
  // As after a log that lost its tail: the pod was told more than the log says.
  const host = world.host();
  host.file = {
    ...host.file,
    slots: host.file.slots.map((one) =>
      one.slot === 0 && one.role === 'stream' ? { ...one, generation: 4, wanted: null } : one,
    ),
  };
  host.edges.delete('stream-0');
  world.settle(60);
  assert.deepEqual(host.live('stream'), ['stream-0']);
  assert.equal(world.state.hosts['h1']?.slots['stream-0']?.generation, 5);
});

test('a leader stands down when a host obeyed a higher term, and when the log names another', () => {
  const world = farm(1);
  const heartbeat = world.host().heartbeat();
  const obeyed = { ...heartbeat, pod: heartbeat.pod && { ...heartbeat.pod, term: 9 } };
  const before = world.observed;
  world.observed = heard(world.observed, obeyed, world.now);
  assert.match(world.plan().standDown ?? '', /term 9/);
  world.observed = before;
  world.decide([{ type: 'leader-elected', term: 2, master: 'other' }], 2);
  assert.match(world.plan().standDown ?? '', /other/);
});

test('a master that met an entry it cannot decode stands down', () => {
  const world = farm(1);
  world.state = { ...world.state, unreadable: { sequence: 9, why: 'newer' } };
  assert.match(world.plan().standDown ?? '', /9/);
});

test('a worker that joined again is adopted in its new life, before its first heartbeat', () => {
  const world = farm(1);
  world.host().epoch = 2;
  world.join('h1');
  assert.deepEqual(
    world.plan().commands.map(({ body, epoch }) => [body.type, epoch]),
    [['adopt', 2]],
  );
  world.apply({ perHost: 2 });
  assert.deepEqual(world.plan().decisions, []);
  world.carryOut(world.plan());
  assert.deepEqual(decisionsOf(world.plan()), ['h1 edge-assigned stream-1/1']);
});

test('what follows from an apply names it', () => {
  const world = farm(1);
  const slot = world.state.hosts['h1']?.slots['stream-0'];
  assert.equal(slot?.decided.correlationId, world.state.spec?.applied.entryId);
  const spawn = world.sent.find(({ body }) => body.type === 'spawn');
  assert.equal(spawn?.correlationId, world.state.spec?.applied.entryId);
});

test('a pod that lost its memory is adopted again and gets its edges back, in the same generations', () => {
  const world = farm(2);
  const { sequence } = world.state;
  world.host().losePod();
  world.hear('h1');
  const plan = world.plan();
  assert.deepEqual(commandsOf(plan), ['h1 adopt']);
  world.carryOut(plan);
  assert.deepEqual(commandsOf(world.plan()).sort(), [
    'h1 spawn back-source-0',
    'h1 spawn stream-0',
    'h1 spawn stream-1',
  ]);
  world.settle(10);
  assert.deepEqual(world.host().live('stream'), ['stream-0', 'stream-1']);
  assert.equal(world.state.sequence, sequence, 'nothing had to be decided');
});

test('a heartbeat from an epoch that never was does not silence its host for ever', () => {
  const world = farm(2);
  world.hear('h1', { ...world.host().heartbeat(), epoch: 1_000 });
  world.pass(2_900);
  world.hear('h1');
  assert.equal(observedHost(world.observed, 'h1').epoch, 1_000, 'a newer life may just be late');
  world.pass(200);
  world.hear('h1');
  assert.equal(observedHost(world.observed, 'h1').epoch, 1);
  world.apply({ perHost: 3 });
  world.settle(10);
  assert.equal(world.host().live('stream').length, 3);
});

test('a host that is read-only is counted, and left alone', () => {
  const world = farm(2, ['h1', 'h2']);
  const readOnly = { code: 'E_LOG_UNREADABLE', message: 'log entry 7 cannot be decoded' };
  const hear = () => {
    world.hear('h1', { ...world.host('h1').heartbeat(), readOnly });
    world.hear('h2');
  };
  hear();
  assert.deepEqual(world.plan().decisions, []);
  world.apply({ total: 6 });
  hear();
  world.carryOut(world.plan());
  hear();
  const touched = world.plan().commands.map(({ host }) => host);
  assert.deepEqual([...new Set(touched)], ['h2']);
});
