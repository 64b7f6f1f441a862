import {
  DolphinError,
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
import { assignedSlots, type FarmState, type HostState, hostsOf } from './farm-state.js';
import { sameJson } from './same-json.js';

/** May this become the specification? Throws E_SPEC_INVALID, or E_NOT_YET for what only a rolling change can do. */
export function checkSpec(state: FarmState, spec: FarmSpec): void {
  checkLaterFields(spec);
  checkOrigins(spec);
  checkPorts(state, spec);
  checkNoRollingChange(state, spec);
}

/** Words that the specification has, and that nothing is done about yet: taking them would be a promise. */
function checkLaterFields({ conf, update }: FarmSpec): void {
  const later = { conf, update };
  const [field] = Object.entries(later).find(([, value]) => value !== undefined) ?? [];
  if (field !== undefined) throw new DolphinError('E_NOT_YET', { what: `${field} in a specification`, field });
}

function checkOrigins({ origins }: FarmSpec): void {
  const bad = origins.find((origin) => !Port.safeParse(Number(origin.split(':').at(-1))).success);
  if (bad !== undefined)
    throw new DolphinError('E_SPEC_INVALID', { why: `the origin ${bad} has no port of 1 to 65535` });
}

function checkPorts(state: FarmState, spec: FarmSpec): void {
  const most = 'perHost' in spec.edges ? spec.edges.perHost : Math.min(spec.edges.total, MAX_EDGES_PER_HOST);
  const hosts = hostsOf(state);
  const conflicts = portConflicts(spec.ports, most, takenPorts(hosts));
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
 * Running edges keep engine, ports and origins until they can be rolled, a few at a time. Where none is asked for there is
 * nothing to roll: those that are there end as what they were.
 */
function checkNoRollingChange(state: FarmState, spec: FarmSpec): void {
  if (edgesAsked(spec) === 0) return;
  const [field, was] = changedField(state, spec) ?? [];
  if (field === undefined) return;
  const what = `a change of ${field} while edges run (now ${was}; with edges 0 first, it is taken)`;
  throw new DolphinError('E_NOT_YET', { what, field });
}

function edgesAsked({ edges }: FarmSpec): number {
  return 'perHost' in edges ? edges.perHost : edges.total;
}

export function changedField(state: FarmState, spec: FarmSpec): readonly [field: string, was: string] | null {
  for (const host of hostsOf(state)) {
    for (const slot of [...assignedSlots(host, 'back-source'), ...assignedSlots(host, 'stream')]) {
      if (slot.engine !== spec.engine) return ['engine', slot.engine];
      if (!sameJson(slot.ports, edgePorts(spec.ports, slot))) return ['ports', JSON.stringify(slot.ports)];
      if (slot.role === 'back-source' && !sameJson(slot.origins, spec.origins)) {
        return ['origins', slot.origins.join(', ')];
      }
    }
  }
  return null;
}
