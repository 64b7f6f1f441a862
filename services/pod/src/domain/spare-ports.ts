import type { EdgePorts } from '@dolphin/protocol';
import { portsOf } from './slot-plan.js';

/** `count` places from these ports on, for stream edges that start beside the one they replace. */
export interface SparePorts {
  readonly rtmp: number;
  readonly http: number;
  readonly api: number;
  readonly count: number;
}

/** The first place of which no port is used; null: there is none. */
export function pickSparePorts(spare: SparePorts | null, used: readonly EdgePorts[]): EdgePorts | null {
  if (spare === null) return null;
  const taken = new Set(used.flatMap(portsOf));
  for (let place = 0; place < spare.count; place++) {
    const ports = { rtmp: spare.rtmp + place, http: spare.http + place, api: spare.api + place };
    if (!portsOf(ports).some((port) => taken.has(port))) return ports;
  }
  return null;
}
