import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFarmReady } from '@dolphin/launcher/domain/farm-ready.js';
import type { EdgeView, FarmView, HostLiveness } from '@dolphin/protocol';
import { edgeView, farmView, hostView } from '../cli/samples.js';

function farm(
  perHost: number,
  hosts: Record<string, HostLiveness>,
  states: Record<string, EdgeView['state']>,
): FarmView {
  const edges = Object.entries(states).flatMap(([host, state]) => [
    edgeView('back-source', { host, state }),
    edgeView(0, { host, state }),
    edgeView(1, { host, state }),
  ]);
  const view = farmView({
    edges,
    hosts: Object.entries(hosts).map(([host, liveness]) => hostView({ host, liveness })),
  });
  return { ...view, spec: view.spec && { ...view.spec, edges: { perHost } } };
}

test('a farm is ready when each edge of each host that is up is', () => {
  assert.equal(isFarmReady(farm(2, { h1: 'up' }, { h1: 'ready' })), true);
  assert.equal(isFarmReady(farm(2, { h1: 'up' }, { h1: 'starting' })), false);
  assert.equal(isFarmReady(farm(3, { h1: 'up' }, { h1: 'ready' })), false);
  assert.equal(isFarmReady(farm(2, { h1: 'up', h2: 'up' }, { h1: 'ready', h2: 'assigned' })), false);
  assert.equal(isFarmReady({ ...farm(2, { h1: 'up' }, { h1: 'ready' }), settled: false }), false);
});

test('a host of another machine that is away is not waited for', () => {
  for (const away of ['lost', 'unmanaged'] as const) {
    assert.equal(isFarmReady(farm(2, { h1: 'up', h2: away }, { h1: 'ready', h2: 'assigned' })), true, away);
  }
  assert.equal(isFarmReady(farm(2, { h2: 'lost' }, { h2: 'ready' })), false);
});
