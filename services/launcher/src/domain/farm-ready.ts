import type { FarmView } from '@dolphin/protocol';

/**
 * Every edge that is wanted is ready, as far as its host is there: of one that joined from another machine, and is lost or
 * without its worker, nobody can tell.
 */
export function isFarmReady({ spec, settled, hosts, edges }: FarmView): boolean {
  const named = (isMeant: (liveness: string) => boolean) =>
    new Set(hosts.filter(({ liveness }) => isMeant(liveness)).map(({ host }) => host));
  const up = named((liveness) => liveness === 'up');
  const counted = named((liveness) => liveness !== 'lost');
  if (spec === null || !settled || up.size === 0) return false;
  const wanted = 'perHost' in spec.edges ? spec.edges.perHost : spec.edges.total;
  const there = edges.filter(({ host }) => counted.has(host));
  const streams = there.filter(({ role }) => role === 'stream');
  const hasSources = there.length > streams.length || wanted === 0;
  const isEachReady = there.every(({ host, state }) => state === 'ready' || !up.has(host));
  return isEachReady && streams.length >= wanted && hasSources;
}

/** How far it is, for a person who waits. */
export function farmProgress({ edges, hosts, master, settled }: FarmView): string {
  const edgeWords = edges.map(({ role, slot, state }) => `${role} ${slot} ${state}`).join(', ') || 'none yet';
  const hostWords = hosts.map(({ host, liveness }) => `${host} ${liveness}`).join(', ') || 'none yet';
  return `hosts: ${hostWords}; edges: ${edgeWords}; master: ${master.state}, settled: ${settled}`;
}
