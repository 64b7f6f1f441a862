import {
  DolphinError,
  edgePorts,
  type FarmSpec,
  GLOBAL_API_PORT,
  MAX_EDGES_PER_HOST,
  Port,
  PUBLIC_HTTP_PORT,
  PUBLIC_RTMP_PORT,
  portConflicts,
} from '@dolphin/protocol';
import { assignedSlots, type FarmState, hostsOf } from './farm-state.js';
import { sameJson } from './same-json.js';

/** May this become the specification? Throws E_SPEC_INVALID, or E_NOT_YET for what only a rolling change can do. */
export function checkSpec(state: FarmState, spec: FarmSpec): void {
  checkOrigins(spec);
  checkPorts(state, spec);
  checkNoRollingChange(state, spec);
}

function checkOrigins({ origins }: FarmSpec): void {
  const bad = origins.find((origin) => !Port.safeParse(Number(origin.split(':').at(-1))).success);
  if (bad !== undefined)
    throw new DolphinError('E_SPEC_INVALID', { why: `the origin ${bad} has no port of 1 to 65535` });
}

function checkPorts(state: FarmState, spec: FarmSpec): void {
  const most = 'perHost' in spec.edges ? spec.edges.perHost : Math.min(spec.edges.total, MAX_EDGES_PER_HOST);
  const hosts = hostsOf(state);
  const publicPorts =
    hosts.length > 0 ? hosts.flatMap((host) => [...host.rtmp, ...host.http]) : [PUBLIC_RTMP_PORT, PUBLIC_HTTP_PORT];
  const conflicts = portConflicts(spec.ports, most, [...new Set([...publicPorts, GLOBAL_API_PORT])]);
  if (conflicts.length === 0) return;
  const some = conflicts.slice(0, 5).join(', ');
  throw new DolphinError('E_SPEC_INVALID', {
    why: `with ${most} stream edges on a host, port ${some} would be used twice or lies above 65535`,
  });
}

/** Running edges keep engine, ports and origins until they can be rolled, a few at a time. */
function checkNoRollingChange(state: FarmState, spec: FarmSpec): void {
  const [field, was] = changedField(state, spec) ?? [];
  if (field === undefined) return;
  const what = `a change of ${field} while edges run (now ${was}; with edges 0 first, it is taken)`;
  throw new DolphinError('E_NOT_YET', { what, field });
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
