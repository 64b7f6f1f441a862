import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DecisionDraft } from '@dolphin/master/domain/decision-draft.js';
import { NOTHING_OBSERVED } from '@dolphin/master/domain/observation.js';
import { planView } from '@dolphin/master/domain/plan-view.js';
import { specDifferences } from '@dolphin/master/domain/spec-diff.js';
import { parseFold } from '@dolphin/master/files/fold-snapshot.js';
import { PlanAnswer } from '@dolphin/protocol';
import fc from 'fast-check';
import { specOf } from './host-model.js';
import { World } from './world.js';

const HOSTS = ['h1', 'h2', 'h3'];
const edges = fc.oneof(
  fc.record({ perHost: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ total: fc.integer({ min: 0, max: 12 }) }),
);

function stepsOf(decisions: readonly DecisionDraft[]): string[] {
  return decisions.flatMap((one) => {
    if (one.type === 'edge-assigned' || one.type === 'edge-kept') return [`assign ${one.host} ${one.role} ${one.slot}`];
    return one.type === 'edge-released' ? [`release ${one.host} ${one.role} ${one.slot}`] : [];
  });
}

test('a plan says what an apply then does', () => {
  fc.assert(
    fc.property(fc.array(edges, { minLength: 2, maxLength: 5 }), fc.nat({ max: 3 }), (wishes, closed) => {
      const world = new World(HOSTS);
      world.elect();
      const cordoned = HOSTS[closed];
      for (const [index, wish] of wishes.entries()) {
        if (index === 1 && cordoned) world.operator({ type: 'host-cordoned', host: cordoned, who: 'test' });
        for (const host of world.hosts.values()) for (const name of host.live('stream')) host.crowd(name, 0);
        for (const host of HOSTS) world.hear(host);
        const plan = planView(world.state, world.observed, specOf(wish));
        PlanAnswer.parse(plan);
        world.apply(wish);
        const decided: DecisionDraft[] = [];
        for (let second = 0; second < 12; second++) decided.push(...world.second().decided);
        const planned = plan.steps.map(({ action, host, role, slot }) => `${action} ${host} ${role} ${slot}`);
        // The first wish meets hosts that nobody has heard of yet.
        if (index > 0) assert.deepEqual(planned.sort(), stepsOf(decided).sort());
      }
    }),
    { numRuns: 100 },
  );
});

test('a follower, which adopts nobody, plans the same; one that hears nobody plans nothing', () => {
  const world = new World(HOSTS);
  world.elect();
  world.apply({ perHost: 1 });
  world.settle(10);
  const leads = planView(world.state, world.observed, specOf({ perHost: 2 }));
  assert.deepEqual(
    leads.steps.map(({ action, host, role, slot }) => `${action} ${host} ${role} ${slot}`),
    HOSTS.map((host) => `assign ${host} stream 1`),
  );
  const hosts = Object.entries(world.observed.hosts).map(([name, seen]) => [name, { ...seen, adopted: null }]);
  const follows = { leading: null, hosts: Object.fromEntries(hosts) };
  assert.deepEqual(planView(world.state, follows, specOf({ perHost: 2 })), leads);
  assert.deepEqual(planView(world.state, NOTHING_OBSERVED, specOf({ perHost: 2 })).steps, []);
});

test('differences are named field by field, null where there was none', () => {
  const one = specOf({ perHost: 2 });
  assert.deepEqual(specDifferences(one, one), []);
  const ports = { ...one.ports, streamRtmp: 2936 };
  assert.deepEqual(specDifferences(one, specOf({ total: 4 }, { ports, drainDeadlineMs: 5, origins: ['o:1', 'p:2'] })), [
    { field: 'drainDeadlineMs', from: null, to: 5 },
    { field: 'edges.perHost', from: 2, to: null },
    { field: 'edges.total', from: null, to: 4 },
    { field: 'origins', from: ['127.0.0.1:1935'], to: ['o:1', 'p:2'] },
    { field: 'ports.streamRtmp', from: 1936, to: 2936 },
  ]);
  assert.ok(specDifferences(null, one).some(({ field, from }) => field === 'engine' && from === null));
});

test('the fold keeps the versions of the specification, with who asked and what they go back to', () => {
  const world = new World(['h1']);
  world.apply({ perHost: 1 });
  const back = { specVersion: 2, spec: specOf({ perHost: 3 }), rollbackOf: 1, who: 'me', why: 'it was better' };
  const sequence = world.operator({ type: 'farm-applied', ...back });
  const { specVersion: version, ...told } = back;
  assert.deepEqual(world.state.specs.at(-1), { version, sequence, at: '2026-01-01T00:00:00.000Z', ...told });
  assert.deepEqual(
    world.state.specs.map((one) => one.version),
    [1, 2],
  );
  assert.deepEqual(parseFold(JSON.parse(JSON.stringify(world.state))), world.state);
});
