import type { EdgeView, FarmView, HostView } from '@dolphin/protocol';

/** `here`: what is not ready, or not placed, is on other machines. */
export type FarmReadiness = 'ready' | 'ready here' | 'not ready';

type EdgeState = EdgeView['state'];
/** An operator took them out: their slots stay empty. */
const TAKEN_OUT: ReadonlySet<EdgeState> = new Set<EdgeState>(['draining', 'drained']);
/** Nobody waits for these; what an operator wants of one that the log does not know he has not said yet. */
const ASIDE: ReadonlySet<EdgeState> = new Set<EdgeState>([...TAKEN_OUT, 'unknown']);

/**
 * Whether every edge that is wanted is ready, as far as its host is there: of one that joined from another machine, and is lost
 * or without its worker, nobody can tell. What an operator keeps back, or no host takes, is not waited for: such a
 * farm is never settled. `address`: where this machine's host is reached.
 */
export function farmReadiness(view: FarmView, address: string): FarmReadiness {
  const { spec, settled, hosts, edges } = view;
  const up = hosts.filter(({ liveness }) => liveness === 'up');
  const here = new Set(up.filter((host) => host.address === address).map(({ host }) => host));
  if (spec === null || here.size === 0) return 'not ready';
  const upNames = new Set(up.map(({ host }) => host));
  const wanted = edges.filter(({ host, state }) => upNames.has(host) && !ASIDE.has(state));
  const missing = wanted.filter(({ state }) => state !== 'ready');
  if (missing.length === 0 && (settled || (isKeptBack(view) && isPlaced(view)))) return 'ready';
  const isBare = up.some((host) => here.has(host.host) && lacksEdges(host, wanted, view));
  return isBare || missing.some(({ host }) => here.has(host)) ? 'not ready' : 'ready here';
}

/** A viewer who comes to this machine is served. */
export function isServedHere({ hosts, edges }: FarmView, address: string): boolean {
  const here = new Set(hosts.filter((host) => host.address === address).map(({ host }) => host));
  return edges.some(({ host, role, state }) => here.has(host) && role === 'stream' && state === 'ready');
}

/** It is to have edges, and nothing has been placed: nobody leads, or its host has a problem. */
function lacksEdges(host: HostView, wanted: readonly EdgeView[], view: FarmView): boolean {
  const { spec, edges } = view;
  if (spec === null || isClosed(host) || host.capacity === 0 || !isMeant(host, spec.edges.on)) return false;
  if (countsOf(view).asked === 0) return false;
  const isTotal = 'total' in spec.edges;
  const isOwn = (edge: EdgeView) => edge.host === host.host;
  return (
    !wanted.some((edge) => isTotal || isOwn(edge)) && !edges.some((edge) => isOwn(edge) && TAKEN_OUT.has(edge.state))
  );
}

/** Why a farm may never be settled, however long one waits. */
function isKeptBack(view: FarmView): boolean {
  const { hosts, edges, update } = view;
  if (hosts.some(isClosed) || edges.some(({ state }) => ASIDE.has(state)) || update?.state === 'stopped') return true;
  const { asked, room } = countsOf(view);
  return asked > room;
}

/** As many edges are placed as the hosts that are up take. */
function isPlaced(view: FarmView): boolean {
  const { asked, room, placed } = countsOf(view);
  return placed >= Math.min(asked, room);
}

/** Stream edges: asked for, taken at most, and placed or taken out, on the hosts that they are meant for. */
function countsOf({ spec, hosts, edges }: FarmView): { asked: number; room: number; placed: number } {
  if (spec === null) return { asked: 0, room: 0, placed: 0 };
  const { edges: wish } = spec;
  const outOn = (host: string) => edges.filter((edge) => edge.host === host && TAKEN_OUT.has(edge.state)).length;
  const placedOn = ({ host, desired }: HostView) => desired + outOn(host);
  // A closed host keeps what it has.
  const roomOn = (host: HostView) => (isClosed(host) ? placedOn(host) : (host.capacity ?? Number.POSITIVE_INFINITY));
  const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
  const meant = hosts.filter((host) => host.liveness === 'up' && isMeant(host, wish.on));
  if ('total' in wish) return { asked: wish.total, room: sum(meant.map(roomOn)), placed: sum(meant.map(placedOn)) };
  const { perHost } = wish;
  // One that has too many makes up for no other.
  return {
    asked: perHost * Math.max(1, meant.length),
    room: sum(meant.map((host) => Math.min(perHost, roomOn(host)))),
    placed: sum(meant.map((host) => Math.min(perHost, roomOn(host), placedOn(host)))),
  };
}

function isClosed({ cordoned, draining, leaving }: HostView): boolean {
  return cordoned === true || draining !== undefined || leaving === true;
}

function isMeant({ labels }: HostView, on: Readonly<Record<string, string>> = {}): boolean {
  return Object.entries(on).every(([name, value]) => labels?.[name] === value);
}

/** How far it is, for a person who waits. */
export function farmProgress({ edges, hosts, master, settled }: FarmView): string {
  const edgeWords =
    edges.map(({ host, role, slot, state }) => `${host} ${role} ${slot} ${state}`).join(', ') || 'none yet';
  const hostWords = hosts.map(({ host, liveness }) => `${host} ${liveness}`).join(', ') || 'none yet';
  return `hosts: ${hostWords}; edges: ${edgeWords}; master: ${master.state}, settled: ${settled}`;
}
