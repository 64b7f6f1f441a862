import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFarmView } from '@dolphin/cli/domain/farm-view-shape.js';
import { farmView as mastersView } from '@dolphin/master/domain/farm-view.js';
import { FarmView } from '@dolphin/protocol';
import fc from 'fast-check';
import { World } from '../master/world.js';
import { edgeView, farmView, hostView, NOW } from './samples.js';

/** Every optional field is there. */
const problem = { code: 'E_CONFIG', message: 'no' };
const full = farmView({
  master: { id: 'm1', state: 'leader', problem },
  update: { specVersion: 2, state: 'stopped', edges: 2, done: 1, why: 'it failed' },
  problems: [{ ...problem, host: 'h1' }],
  spec: {
    edges: { total: 4, on: { zone: 'a' } },
    engine: 'builtin',
    conf: { name: 'main', revision: 2 },
    origins: ['127.0.0.1:1935'],
    ports: {
      streamRtmp: 1,
      streamHttp: 2,
      streamApi: 3,
      backSourceRtmp: 4,
      backSourceApi: 5,
      httpRtmp: 6,
      httpHttp: 7,
      httpApi: 8,
    },
    update: { maxParallel: 1, minHealthyMs: 5, deadlineMs: 1_000, onFailure: 'stop', viewerPercent: 25 },
    drainDeadlineMs: 1_000,
  },
  hosts: [
    hostView({
      ...{
        cordoned: true,
        leaving: true,
        readOnly: problem,
        labels: { zone: 'a' },
        capacity: 4,
        privateAddress: '::1',
      },
      draining: { deadlineAt: '2026-11-21T10:31:00.000Z', clientsLeft: 1, edgesLeft: 1 },
    }),
  ],
  edges: [
    edgeView(0, {
      ...{ name: 'stream-0.b', conf: { name: 'main', revision: 2 }, privateAddress: '::1', ejectedForMs: 5 },
      ...{ failures: { full: 2 }, logDroppedBytes: 1, drainLeftMs: 1, refusal: problem },
    }),
  ],
});

test('a view as masters give it needs no schema', () => {
  for (const view of [farmView(), full, farmView({ spec: null, leader: null, farmId: null, hosts: [], edges: [] })]) {
    assert.ok(isFarmView(JSON.parse(JSON.stringify(view))));
  }
});

test('what this version of the master makes of a farm needs no schema', () => {
  const world = new World(['h1', 'h2']);
  const view = () => {
    const master = { id: 'm', state: 'leader' } as const;
    const of = { farm: 'main', at: NOW, now: world.now, connected: true, master };
    return JSON.parse(JSON.stringify(mastersView(world.state, world.observed, of)));
  };
  assert.ok(isFarmView(view()), 'before the first specification');
  world.elect();
  world.apply({ perHost: 2 });
  assert.ok(isFarmView(view()), 'while it is made so');
  world.settle(10);
  world.operator({ type: 'host-drain-asked', host: 'h1', deadlineMs: 60_000, who: 'test' });
  world.operator({ type: 'host-cordoned', host: 'h2', who: 'test' });
  assert.ok(isFarmView(view()), 'while a host drains');
});

test('a field of a newer master passes', () => {
  assert.ok(isFarmView({ ...full, weather: 'fine', hosts: full.hosts.map((host) => ({ ...host, moon: 1 })) }));
});

/** Each place of a document, as the keys that lead there. */
function placesOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return [[...path], ...Object.entries(value).flatMap(([key, under]) => placesOf(under, [...path, key]))];
}

function changed(value: unknown, [key, ...path]: readonly string[], to: unknown): unknown {
  if (key === undefined) return to;
  const copy: unknown = structuredClone(value);
  const holder = copy as Record<string, unknown>;
  holder[key] = changed(holder[key], path, to);
  return copy;
}

test('what has a wrong type anywhere, or lacks a field that must be there, is left to the schema', () => {
  const wrong = fc.constantFrom<unknown>(undefined, null, 'text', true, {}, [{}]);
  fc.assert(
    fc.property(fc.constantFrom(...placesOf(full)), wrong, (path, to) => {
      const document: unknown = JSON.parse(JSON.stringify(changed(full, path, to) ?? null));
      // Only types are looked at: another text or name is as good as the one that stood there.
      if (isFarmView(document) && typeof to !== 'string')
        assert.ok(FarmView.safeParse(document).success, path.join('.'));
    }),
    { numRuns: 1_500 },
  );
});
