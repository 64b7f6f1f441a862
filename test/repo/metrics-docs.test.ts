import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_FARM } from '@dolphin/master/domain/farm-state.js';
import { farmView } from '@dolphin/master/domain/farm-view.js';
import { NOTHING_OBSERVED } from '@dolphin/master/domain/observation.js';
import { masterMetrics } from '@dolphin/master/http/metrics.js';
import { podMetrics } from '@dolphin/pod/http/metrics.js';
import { DOLPHIN_VERSION, PodState } from '@dolphin/protocol';
import { readRepo } from './workspace.js';

test('the metrics of a pod and of a master are each named, with their type, in docs/reference/metrics.md, and no others are', async () => {
  const state = PodState.parse({
    ...{
      pid: 1,
      version: DOLPHIN_VERSION,
      host: 'h1',
      farmId: null,
      term: 0,
      rtmp: [],
      http: [],
      address: '127.0.0.1',
    },
    ...{ lastHappening: 0, uptimeMs: 0, clients: 0, refused: {}, edges: [] },
  });
  const view = farmView(EMPTY_FARM, NOTHING_OBSERVED, {
    ...{ farm: 'main', at: '2026-01-01T00:00:00.000Z', now: 0, connected: false },
    master: { id: 'm', state: 'starting' },
  });
  const text = [
    await podMetrics(state),
    await masterMetrics({ view, lastSequence: 0, holdsLease: false, unplaced: 0 }),
  ].join('\n');
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  const page = readRepo('docs/reference/metrics.md');
  const rows = [...page.matchAll(/^\| `(dolphin_\w+)` \| (\w+) \|/gm)].map(([, name, type]) => `${name} ${type}`);
  assert.deepEqual(rows, types);
});
