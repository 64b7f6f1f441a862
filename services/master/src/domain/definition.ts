import {
  type ConfRef,
  type EdgeKey,
  type EdgePorts,
  edgeName,
  edgePorts,
  type FarmSpec,
  hasViewers,
} from '@dolphin/protocol';
import type { HostState, SlotState } from './farm-state.js';
import { sameJson } from './same-json.js';

/** What an edge is, apart from its place: in what a change of the specification may make it another. */
export interface Definition {
  readonly engine: string;
  /** Absent: the host's default. */
  readonly conf?: ConfRef | undefined;
  readonly ports: EdgePorts;
  readonly origins: readonly string[];
}

export type DefinitionField = keyof Definition;

/** Edges with viewers pull from the back source of their host: 127.0.0.1 stands for wherever that host's private ports are. */
export function originsBehind(backSourceRtmp: number): string[] {
  return [`127.0.0.1:${backSourceRtmp}`];
}

/** The RTMP port of the host's back source: of the one that is there, or of the one that will be. */
export function backSourceRtmp(host: HostState, spec: FarmSpec): number {
  const key = { role: 'back-source', slot: 0 } as const;
  const slot = host.slots[edgeName(key)];
  return slot?.status === 'assigned' ? slot.ports.rtmp : edgePorts(spec.ports, key).rtmp;
}

/** What the specification asks an edge at this place to be. */
export function definitionOf(spec: FarmSpec, host: HostState, key: EdgeKey): Definition {
  const origins = hasViewers(key.role) ? originsBehind(backSourceRtmp(host, spec)) : [...spec.origins];
  return {
    engine: spec.engine,
    ...(spec.conf && { conf: spec.conf }),
    ports: edgePorts(spec.ports, key),
    origins,
  };
}

/** In what the newest definition of a slot is not what the specification asks for. */
export function differingFields(slot: SlotState, spec: FarmSpec, host: HostState): DefinitionField[] {
  const wanted = definitionOf(spec, host, slot);
  const fields = ['engine', 'conf', 'ports', 'origins'] as const;
  return fields.filter((field) => !sameJson(slot[field], wanted[field]));
}
