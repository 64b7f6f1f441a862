import {
  DolphinError,
  edgeName,
  edgePorts,
  type FarmSpec,
  GLOBAL_API_PORT,
  MAX_EDGES_PER_HOST,
  Port,
  type PortConflict,
  PUBLIC_HTTP_PORT,
  PUBLIC_RTMP_PORT,
  portConflicts,
} from '@dolphin/protocol';
import { type FarmState, type HostState, hostsOf, isHeld, type SlotState, slotsOf } from './farm-state.js';
import { checkOriginReach } from './origin-reach.js';

/** May this become the specification? Throws E_SPEC_INVALID, E_ORIGIN_LOOPBACK, or E_NOT_YET for what cannot be done about running edges. */
export function checkSpec(state: FarmState, spec: FarmSpec): void {
  checkOrigins(spec);
  checkOriginReach(state, spec);
  checkPorts(state, spec);
  checkMoves(state, spec);
}

function checkOrigins({ origins }: FarmSpec): void {
  const bad = origins.find((origin) => !Port.safeParse(Number(origin.split(':').at(-1))).success);
  if (bad !== undefined)
    throw new DolphinError('E_SPEC_INVALID', { why: `the origin ${bad} has no port of 1 to 65535` });
}

function checkPorts(state: FarmState, spec: FarmSpec): void {
  const most = 'perHost' in spec.edges ? spec.edges.perHost : Math.min(spec.edges.total, MAX_EDGES_PER_HOST);
  const hosts = hostsOf(state);
  const conflicts = portConflicts(spec.ports, { stream: most, http: spec.edges.http ?? 0 }, takenPorts(hosts));
  if (conflicts.length === 0) return;
  const some = conflicts.slice(0, MAX_CONFLICTS_TOLD).map(conflictWords).join('; ');
  throw new DolphinError('E_SPEC_INVALID', { why: `with ${most} stream edges on a host, ${some}` });
}

/** More would say nothing new: a plan that is off by one conflicts on each edge. */
const MAX_CONFLICTS_TOLD = 3;

/** By all hosts together: which edge goes where is decided later. */
function takenPorts(hosts: readonly HostState[]): Map<number, string> {
  const rtmp = hosts.length > 0 ? hosts.flatMap((host) => host.rtmp) : [PUBLIC_RTMP_PORT];
  const http = hosts.length > 0 ? hosts.flatMap((host) => host.http) : [PUBLIC_HTTP_PORT];
  return new Map([
    ...rtmp.map((port) => [port, 'the clients (RTMP)'] as const),
    ...http.map((port) => [port, 'the clients (HTTP)'] as const),
    [GLOBAL_API_PORT, 'the global API'],
  ]);
}

function conflictWords({ port, users: [one, other] }: PortConflict): string {
  return other === undefined
    ? `${one} would need port ${port}, and 65535 is the last`
    : `port ${port} would be used twice: by ${one} and ${other}`;
}

/**
 * What running edges cannot be rolled to. Where none is asked for there is nothing to roll: those that are there end as what
 * they were.
 */
function checkMoves(state: FarmState, spec: FarmSpec): void {
  if (edgesAsked(spec) === 0) return;
  for (const host of hostsOf(state)) {
    const there = slotsOf(host).filter((slot) => slot.status === 'assigned' || isHeld(slot));
    checkBackSourcePort(there, spec);
    checkOverlap(there, spec);
  }
}

/** All stream edges of its host would pull from a port where nobody is, until each of them has been changed. */
function checkBackSourcePort(there: readonly SlotState[], spec: FarmSpec): void {
  const moved = there.find(({ role, ports }) => role === 'back-source' && ports.rtmp !== spec.ports.backSourceRtmp);
  if (!moved) return;
  const field = 'ports.backSourceRtmp';
  const what = `a change of ${field} while edges run (now ${moved.ports.rtmp}; with edges 0 first, it is taken)`;
  throw new DolphinError('E_NOT_YET', { what, field });
}

/** Edges move one after the other: none may be sent to a port that another one still has. */
function checkOverlap(there: readonly SlotState[], spec: FarmSpec): void {
  const users = new Map(there.flatMap((slot) => Object.values(slot.ports).map((port) => [port, slot] as const)));
  for (const slot of there) {
    for (const port of Object.values(edgePorts(spec.ports, slot))) {
      const user = users.get(port);
      if (user === undefined || user === slot) continue;
      const why = `port ${port}, of ${edgeName(slot)} to be, is ${edgeName(user)}'s as long as that runs`;
      throw new DolphinError('E_SPEC_INVALID', { why: `${why}: take ports that no edge has` });
    }
  }
}

function edgesAsked({ edges }: FarmSpec): number {
  return 'perHost' in edges ? edges.perHost : edges.total;
}
