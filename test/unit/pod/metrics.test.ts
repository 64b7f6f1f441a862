import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podMetrics } from '@dolphin/pod/http/metrics.js';
import { PodState } from '@dolphin/protocol';

const edge = (slot: number, generation: number, more: object) => ({
  ...{ role: 'stream', slot, generation, engine: 'builtin', state: 'ready', pid: 42, origins: ['127.0.0.1:1935'] },
  ...{ ports: { rtmp: 1936, http: 18081, api: 33332 }, term: 1, sequence: 2, transport: 'hand-off', clients: 3 },
  ...{ kbitPerS: 1500, sentBytes: 123456, cpuPercent: 1.5, rssBytes: 64e6, restarts: 2, uptimeMs: 12_500 },
  ...more,
});
const state = PodState.parse({
  ...{ pid: 1, version: '0.1.0', host: 'h1', farmId: null, term: 7, rtmp: [19350], http: [8088], address: '127.0.0.1' },
  ...{ lastHappening: 12, uptimeMs: 60_000, clients: 5, refused: { 'edges-full': 4, 'odd "reason"\n': 1 } },
  ...{ reading: 6, sessionsLost: 2000 },
  edges: [
    edge(0, 2, { name: 'stream-0.b', logDroppedBytes: 4096 }),
    edge(0, 2, { name: 'stream-0', state: 'draining', clients: 2 }),
    // Of a pod that says no names.
    edge(1, 1, { clients: 9 }),
  ],
});

describe('the metrics of a pod', () => {
  it('of an older pod, which says nothing of what was lost, are zero there', async () => {
    const { reading: _, sessionsLost: __, ...older } = state;
    const lines = (await podMetrics(PodState.parse(older))).split('\n');
    for (const line of ['dolphin_pod_reading 0', 'dolphin_pod_sessions_lost_total 0']) assert.ok(lines.includes(line));
  });

  it('are the figures of its state, a series for each edge of a slot', async () => {
    const lines = (await podMetrics(state)).split('\n');
    for (const line of [
      'dolphin_pod_info{host="h1",version="0.1.0"} 1',
      'dolphin_pod_clients 5',
      'dolphin_pod_reading 6',
      'dolphin_pod_happenings_total 12',
      'dolphin_pod_sessions_lost_total 2000',
      'dolphin_pod_refused_total{reason="edges-full"} 4',
      'dolphin_pod_refused_total{reason="odd \\"reason\\"\\n"} 1',
      'dolphin_edge_clients{edge="stream-0.b",slot="stream-0",generation="2",engine="builtin"} 3',
      'dolphin_edge_clients{edge="stream-0",slot="stream-0",generation="2",engine="builtin"} 2',
      'dolphin_edge_clients{edge="stream-1",slot="stream-1",generation="1",engine="builtin"} 9',
      'dolphin_edge_state{edge="stream-0",slot="stream-0",generation="2",engine="builtin",state="draining"} 1',
      'dolphin_edge_state{edge="stream-0",slot="stream-0",generation="2",engine="builtin",state="ready"} 0',
      'dolphin_edge_sent_bytes_total{edge="stream-0.b",slot="stream-0",generation="2",engine="builtin"} 123456',
      'dolphin_edge_uptime_seconds{edge="stream-0.b",slot="stream-0",generation="2",engine="builtin"} 12.5',
      'dolphin_edge_log_dropped_bytes_total{edge="stream-0.b",slot="stream-0",generation="2",engine="builtin"} 4096',
      'dolphin_edge_log_dropped_bytes_total{edge="stream-0",slot="stream-0",generation="2",engine="builtin"} 0',
    ])
      assert.ok(lines.includes(line), line);
  });
});
