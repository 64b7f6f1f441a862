import type { EdgeAnswer } from '@dolphin/cli/domain/edge-answer.js';
import { EdgeView, FarmView, HostView } from '@dolphin/protocol';

export const NOW = '2026-11-21T10:31:00.000Z';

/** A status as a master told it. */
export const BY_MASTER = { type: 'master', address: 'http://127.0.0.1:33330', answeredMs: 3, tried: [] } as const;

export function hostView(more: Partial<HostView> = {}): HostView {
  return HostView.parse({
    ...{ host: 'h1', liveness: 'up', epoch: 1, address: '127.0.0.1', podPid: 4711, rtmp: [19350], http: [8088] },
    ...{ desired: 2, ready: 2, clients: 5, kbitPerS: 2500, cpuPercent: 7 },
    ...{ memoryBytes: 8 * 1024 ** 3, memoryFreeBytes: 4 * 1024 ** 3, heardMsAgo: 300 },
    ...more,
  });
}

export function edgeView(slot: number | 'back-source', more: Partial<EdgeView> = {}): EdgeView {
  const isBack = slot === 'back-source';
  const number = isBack ? 0 : slot;
  const ports = isBack
    ? { rtmp: 11935, api: 33331 }
    : { rtmp: 1936 + number, http: 18081 + number, api: 33332 + number };
  return EdgeView.parse({
    ...{ host: 'h1', role: isBack ? 'back-source' : 'stream', slot: number, generation: 1, engine: 'builtin' },
    ...{ state: 'ready', pid: isBack ? 5000 : 5001 + number, ports, origins: ['127.0.0.1:1935'] },
    ...{ term: 1, sequence: 7, transport: isBack ? 'none' : 'hand-off', clients: 3, kbitPerS: 1500, sentBytes: 1e6 },
    ...{ cpuPercent: 1, rssBytes: 64 * 1024 ** 2, restarts: 0, uptimeMs: 12_000 },
    api: `http://127.0.0.1:${ports.api}`,
    ...more,
  });
}

/** A farm of one host with a back source and two stream edges, all ready. */
export function farmView(more: Partial<FarmView> = {}): FarmView {
  const hosts = more.hosts ?? [hostView()];
  return FarmView.parse({
    ...{ farm: 'main', farmId: '6f9f3a52-7f0d-4a5e-9d3d-2b8c1c6a9e10', version: '0.1.0', at: NOW, sequence: 40 },
    ...{ specVersion: 2, spec: { edges: { perHost: 2 }, origins: ['127.0.0.1:1935'] } },
    leader: { master: 'm1', term: 3 },
    master: { id: 'm1', state: 'leader' },
    ...{ connected: true, settled: true, hosts, edges: [edgeView('back-source'), edgeView(0), edgeView(1)] },
    totals: {
      ...{ hosts: hosts.length, hostsUp: hosts.filter(({ liveness }) => liveness === 'up').length, ready: 2 },
      ...{ desired: hosts.reduce((sum, { desired }) => sum + desired, 0), clients: 6, kbitPerS: 3000 },
    },
    ...more,
  });
}

export interface StreamSample {
  readonly url?: string;
  readonly clients?: number;
  readonly sendKbitPerS?: number;
  readonly active?: boolean;
  readonly publishers?: number | null;
  readonly video?: string | null;
  readonly audio?: string | null;
}

export function answerOf(pid: number, streams: readonly StreamSample[] = []): EdgeAnswer {
  const codecs = { video: 'H264', audio: 'AAC' };
  const of = (stream: StreamSample) => ({
    ...{ url: '/live/livestream', clients: 0, publishers: 0, sendKbitPerS: 0, active: true, ...codecs },
    ...stream,
  });
  return { answered: true, ms: 4, figures: { pid, version: '5.0.216', uptimeMs: 13_000, streams: streams.map(of) } };
}

/** Answers of the edges of a view: by place, else each runs without a stream. */
export function answersTo(view: FarmView, special: Readonly<Record<number, EdgeAnswer>> = {}): EdgeAnswer[] {
  return view.edges.map((edge, index) => special[index] ?? answerOf(edge.pid ?? 1));
}
