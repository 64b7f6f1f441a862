import assert from 'node:assert/strict';
import { test } from 'node:test';
import { farmOfReports, type HostReport } from '@dolphin/cli/domain/seen-farm.js';
import { sumUp } from '@dolphin/cli/domain/status.js';
import { PodState } from '@dolphin/protocol';
import { answerOf, edgeView, NOW } from './samples.js';

const of = { farm: 'main', at: NOW };
const told = { at: NOW, type: 'workers', address: 'nats://127.0.0.1:4222', answeredMs: 3, tried: [] } as const;

function report(host: string, states: readonly string[], more: Partial<HostReport> = {}): HostReport {
  const edges = states.map((state, slot) => ({ ...edgeView(slot), state }));
  const pod = PodState.parse({
    ...{ pid: 4711, version: '0.1.0', host, farmId: null, term: 1, rtmp: [19350], http: [8088] },
    ...{ address: '10.0.0.1', lastHappening: 0, uptimeMs: 1, clients: 0, refused: {}, edges },
  });
  return { host, farmId: null, epoch: 1, address: '10.0.0.1', ageMs: 40, pod, wanted: [], ...more };
}

test('what hosts run counts as asked for, but for what is on its way out', () => {
  const { hosts } = farmOfReports([report('h1', ['ready', 'starting', 'gave-up', 'draining', 'stopping'])], of);
  assert.deepEqual([hosts[0]?.desired, hosts[0]?.ready], [3, 1]);
});

test('private APIs are where the edge says, else on the loopback of its host', () => {
  const elsewhere = report('h2', ['ready']);
  const own = {
    ...elsewhere.pod,
    edges: elsewhere.pod?.edges.map((edge) => ({ ...edge, privateAddress: '::1' })),
  };
  const farm = farmOfReports(
    [report('h1', ['ready']), elsewhere, { ...elsewhere, host: 'h3', pod: own as PodState }],
    of,
  );
  assert.deepEqual(
    farm.edges.map(({ api }) => api),
    ['http://127.0.0.1:33332', 'http://127.0.0.1:33332', 'http://[::1]:33332'],
  );
});

test('a farm that serves is serving, whoever tells; that no master does is a matter of control', () => {
  const status = sumUp(farmOfReports([report('h1', ['ready'])], of), [answerOf(5001)], told);
  assert.deepEqual([status.level, status.source.ageMs], ['serving', 40]);
  assert.deepEqual(
    status.problems.map(({ affects }) => affects),
    ['control'],
  );
});

test('an edge that its host should run and that is not there is missed', () => {
  const status = sumUp(
    farmOfReports([report('h1', ['ready', 'backing-off'])], of),
    [answerOf(5001), { answered: false, failure: 'unreachable', why: 'connect ECONNREFUSED' }],
    told,
  );
  assert.equal(status.level, 'degraded');
});

test('hosts that tell of no edge that serves are critical, not unknown: they know', () => {
  assert.equal(sumUp(farmOfReports([report('h1', [])], of), [], told).level, 'critical');
});

test('what was said long ago is not taken for now', () => {
  const status = sumUp(farmOfReports([report('h1', ['ready'], { ageMs: 60_000 })], of), [answerOf(5001)], told);
  assert.deepEqual([status.hosts[0]?.liveness, status.source.ageMs], ['suspect', 60_000]);
});
