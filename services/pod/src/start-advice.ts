import { readFileSync } from 'node:fs';
import { type EdgeDefinition, portsOf } from '@dolphin/protocol';
import { loadConf } from '@dolphin/srs';
import type { PodConfig } from './config.js';
import { hostAdvice } from './domain/host-advice.js';
import type { PodOptions } from './domain/pod-options.js';
import { admittedClients } from './domain/render-conf.js';
import { placesOf, type TakenPort, takenBySlot } from './domain/spare-ports.js';
import { readHostSettings } from './process/host-settings.js';

/** What this host should be set to, for the edges that the pod starts with; a farm's first one knows of none yet. */
export function adviceFor(
  options: PodOptions,
  edges: readonly EdgeDefinition[],
  { supervise, sparePorts, metrics }: Pick<PodConfig, 'supervise' | 'sparePorts' | 'metrics'>,
): string[] {
  const streams = edges.filter(({ role }) => role === 'stream');
  const relayed = options.mode === 'relay' || streams.some(({ engine }) => engine !== 'builtin');
  return hostAdvice(readHostSettings(), {
    clientsPerEdge: clientsPerEdge(options.confPath),
    edges: Math.max(1, streams.length),
    relays: relayed ? options.relays : 0,
    edgeFiles: supervise.openFiles ?? null,
    ports: [
      ...options.rtmp,
      ...options.http,
      ...edges.flatMap(({ ports }) => portsOf(ports)),
      ...(sparePorts === undefined ? [] : placesOf(sparePorts)).flatMap(portsOf),
      ...(metrics.listen === null ? [] : [metrics.listen.port]),
    ],
  });
}

/** What the command line gives away: the public ports, and of a pod alone those of its edges. */
export function portsOfCommandLine({ rtmp, http, alone }: PodOptions): TakenPort[] {
  return [
    ...rtmp.map((port) => ({ port, by: 'a public RTMP port' })),
    ...http.map((port) => ({ port, by: 'a public HTTP port' })),
    ...(alone?.stream ?? []).flatMap((slot, index) => takenBySlot(`stream-${index}`, slot)),
    ...(alone?.http ? takenBySlot('http-0', alone.http) : []),
  ];
}

function clientsPerEdge(confPath: string): number {
  try {
    return admittedClients(loadConf(confPath, (path) => readFileSync(path, 'utf8')));
  } catch {
    // Each edge's start says what is wrong with it, with file and line.
    return 0;
  }
}
