import type { EdgeKey, EdgePorts, FarmSpec } from '@dolphin/protocol';

/** Where in the log something stands, so that what follows from it can name it. */
export interface EntryRef {
  readonly sequence: number;
  readonly entryId: string;
  readonly correlationId: string | null;
}

/** The newest definition of a slot. A released slot is kept: its generation must never be used again. */
export interface SlotState extends EdgeKey {
  readonly generation: number;
  readonly engine: string;
  readonly ports: EdgePorts;
  readonly origins: readonly string[];
  readonly status: 'assigned' | 'released';
  /** The decision that made it so. */
  readonly decided: EntryRef;
  /** `edge-gave-up` facts without an `edge-ready` between, over generations. */
  readonly gaveUpInARow: number;
}

export type DecidedLiveness = 'up' | 'unmanaged' | 'lost';

export interface HostState {
  readonly host: string;
  readonly epoch: number;
  readonly joined: EntryRef;
  readonly rtmp: readonly number[];
  readonly http: readonly number[];
  readonly liveness: DecidedLiveness;
  /** It took itself out of the farm, and has not joined again. Its slots' generations are still used up. */
  readonly hasLeft?: boolean | undefined;
  /** By edge name (`stream-0`). */
  readonly slots: Readonly<Record<string, SlotState>>;
}

/** What the log says, up to `sequence`. A JSON value: it is what a snapshot holds. */
export interface FarmState {
  readonly sequence: number;
  /** Of the last entry on each guarded subject: the next append's expected sequence. */
  readonly operatorSequence: number;
  readonly decisionsSequence: number;
  readonly farm: { readonly farm: string; readonly farmId: string } | null;
  readonly spec: { readonly version: number; readonly spec: FarmSpec; readonly applied: EntryRef } | null;
  readonly leader: { readonly master: string; readonly term: number; readonly elected: EntryRef } | null;
  /** The newest host-lost, host-returned or host-left: what an assignment elsewhere may follow from. */
  readonly lastMove: EntryRef | null;
  readonly short: { readonly specVersion: number; readonly asked: number; readonly placed: number } | null;
  readonly hosts: Readonly<Record<string, HostState>>;
  /** The first entry that this build cannot decode; a master that met one shows, but does not lead. */
  readonly unreadable: { readonly sequence: number; readonly why: string } | null;
  /** Envelopes that were no business of this farm or of their writer: another farm's id, a term that was over. */
  readonly ignored: number;
}

export const EMPTY_FARM: FarmState = {
  sequence: 0,
  operatorSequence: 0,
  decisionsSequence: 0,
  farm: null,
  spec: null,
  leader: null,
  lastMove: null,
  short: null,
  hosts: {},
  unreadable: null,
  ignored: 0,
};

export function slotsOf(host: HostState): SlotState[] {
  return Object.values(host.slots);
}

export function assignedSlots(host: HostState, role: SlotState['role']): SlotState[] {
  return slotsOf(host)
    .filter((slot) => slot.role === role && slot.status === 'assigned')
    .sort((a, b) => a.slot - b.slot);
}

/** Hosts by name, so that what is decided does not depend on the order in which they joined. */
export function hostsOf(state: FarmState): HostState[] {
  return Object.values(state.hosts).sort((a, b) => (a.host < b.host ? -1 : 1));
}
