import assert from 'node:assert/strict';
import { test } from 'node:test';
import { farmReadiness, isServedHere } from '@dolphin/launcher/domain/farm-ready.js';
import type { EdgeView, FarmSpec, FarmView, HostView } from '@dolphin/protocol';
import { edgeView, farmView, hostView } from '../cli/samples.js';

const HERE = '10.0.0.1';
const elsewhere = { address: '10.0.0.2' };
type State = EdgeView['state'];

/** Hosts with the states of their stream edges; h1 is this machine. */
function farm(
  wish: FarmSpec['edges'],
  all: Readonly<Record<string, readonly [Partial<HostView>, readonly State[]]>>,
  more: Partial<FarmView> = {},
): FarmView {
  const hosts = Object.entries(all).map(([host, [of, states]]) =>
    hostView({ host, address: HERE, desired: states.filter((state) => state !== 'drained').length, ...of }),
  );
  const edges = Object.entries(all).flatMap(([host, [, states]]) =>
    states.map((state, slot) => edgeView(slot, { host, state })),
  );
  const view = farmView({ hosts, edges, ...more });
  return { ...view, spec: view.spec && { ...view.spec, edges: wish } };
}

const unsettled = { settled: false };
const readiness = (...of: Parameters<typeof farm>) => farmReadiness(farm(...of), HERE);

test('a farm is ready when it is settled, and each edge of each host that is up is ready', () => {
  const two = { perHost: 2 };
  assert.equal(readiness(two, { h1: [{}, ['ready', 'ready']] }), 'ready');
  assert.equal(readiness(two, { h1: [{}, ['ready', 'starting']] }), 'not ready');
  assert.equal(readiness(two, { h1: [{}, []] }, unsettled), 'not ready');
  assert.equal(readiness(two, {}), 'not ready');
  assert.equal(farmReadiness({ ...farm(two, { h1: [{}, ['ready']] }), spec: null }, HERE), 'not ready');
});

test('a host of another machine that is away is not waited for', () => {
  for (const liveness of ['lost', 'unmanaged'] as const) {
    const away = { ...elsewhere, liveness };
    assert.equal(readiness({ perHost: 1 }, { h1: [{}, ['ready']], h2: [away, ['assigned']] }), 'ready', liveness);
  }
  assert.equal(readiness({ perHost: 1 }, { h1: [{ liveness: 'lost' }, ['ready']] }), 'not ready');
});

test('what is not ready on another machine is told apart from what is not here', () => {
  const one = { perHost: 1 };
  assert.equal(readiness(one, { h1: [{}, ['ready']], h2: [elsewhere, ['exited']] }, unsettled), 'ready here');
  assert.equal(readiness(one, { h1: [{}, ['exited']], h2: [elsewhere, ['ready']] }, unsettled), 'not ready');
  assert.equal(readiness(one, { h1: [{}, []], h2: [elsewhere, ['ready']] }, unsettled), 'not ready');
});

test('where this machine takes no edges, those of others are waited for, and then gone without', () => {
  const broken = { h2: [elsewhere, ['exited']] } as const;
  const closed = { h1: [{ cordoned: true }, []], ...broken } as const;
  assert.equal(readiness({ perHost: 1 }, closed, unsettled), 'ready here');
  assert.equal(readiness({ total: 1 }, { h1: [{}, []], ...broken }, unsettled), 'ready here');
  assert.equal(readiness({ perHost: 1, on: { zone: 'a' } }, { h1: [{}, []], ...broken }, unsettled), 'ready here');
});

test('what an operator keeps back is not waited for', () => {
  const edges = readiness({ perHost: 3 }, { h1: [{}, ['ready', 'drained', 'draining']] }, unsettled);
  assert.equal(edges, 'ready');
  const unknown = readiness({ perHost: 1 }, { h1: [{}, ['ready', 'unknown']] }, unsettled);
  assert.equal(unknown, 'ready');
  const stranger = readiness({ perHost: 1 }, { h1: [{ desired: 0 }, ['unknown']] }, unsettled);
  assert.equal(stranger, 'not ready', 'it stands for none that is asked for');
  const cordoned = readiness({ total: 4 }, { h1: [{ cordoned: true }, ['ready']] }, unsettled);
  assert.equal(cordoned, 'ready');
  const draining = { deadlineAt: '2026-01-01T00:00:00.000Z', clientsLeft: 0, edgesLeft: 0 };
  assert.equal(readiness({ total: 4 }, { h1: [{ draining }, []] }, unsettled), 'ready');
});

test('what no host takes is not waited for, what one takes is', () => {
  const capacity = 1;
  for (const wish of [{ perHost: 4 }, { total: 4 }]) {
    assert.equal(readiness(wish, { h1: [{ capacity }, ['ready']] }, unsettled), 'ready');
    assert.equal(readiness(wish, { h1: [{ capacity }, []] }, unsettled), 'not ready');
    assert.equal(readiness(wish, { h1: [{}, ['ready']] }, unsettled), 'ready here');
  }
  assert.equal(readiness({ perHost: 4, on: { zone: 'a' } }, { h1: [{}, []] }, unsettled), 'ready');
});

test('viewers of this machine are served when one of its stream edges is ready', () => {
  assert.equal(isServedHere(farm({ perHost: 1 }, { h1: [{}, ['ready']] }), HERE), true);
  assert.equal(isServedHere(farm({ perHost: 1 }, { h1: [{}, ['drained']], h2: [elsewhere, ['ready']] }), HERE), false);
});
