import { readFileSync } from 'node:fs';
import type { EdgeDefinition } from '@dolphin/protocol';
import { loadConf } from '@dolphin/srs';
import { hostAdvice } from './domain/host-advice.js';
import type { PodOptions } from './domain/pod-options.js';
import { admittedClients } from './domain/render-conf.js';
import { readHostSettings } from './process/host-settings.js';

/** What this host should be set to, for the edges that the pod starts with; a farm's first one knows of none yet. */
export function adviceFor(options: PodOptions, edges: readonly EdgeDefinition[], edgeFiles: number | null): string[] {
  const streams = edges.filter(({ role }) => role === 'stream');
  const relayed = options.mode === 'relay' || streams.some(({ engine }) => engine !== 'builtin');
  return hostAdvice(readHostSettings(), {
    clientsPerEdge: clientsPerEdge(options.confPath),
    edges: Math.max(1, streams.length),
    relays: relayed ? options.relays : 0,
    edgeFiles,
    ports: [
      ...options.rtmp,
      ...options.http,
      ...edges.flatMap(({ ports: { rtmp, http, api } }) => (http === undefined ? [rtmp, api] : [rtmp, http, api])),
    ],
  });
}

function clientsPerEdge(confPath: string): number {
  try {
    return admittedClients(loadConf(confPath, (path) => readFileSync(path, 'utf8')));
  } catch {
    // Each edge's start says what is wrong with it, with file and line.
    return 0;
  }
}
