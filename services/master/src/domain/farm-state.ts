import type { ConfRef, EdgeKey, EdgePorts, FarmSpec, SpecVersion } from '@dolphin/protocol';

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
  /** Absent: the host's default. */
  readonly conf?: ConfRef | undefined;
  readonly ports: EdgePorts;
  readonly origins: readonly string[];
  readonly status: 'assigned' | 'released';
  /** Of a released one: how long its clients may stay; 0: it is killed, which is never taken back. */
  readonly drainMs: number;
  /** The drain in which it was released, of its host (HostState.drain) or its own (setAside); null: in none. */
  readonly forDrain: string | null;
  /** An operator drains it: the slot is to be empty until that is taken back, whatever its generation. */
  readonly setAside: DrainAsk | null;
  /** Its release was taken back: its host must know that before an older drain can reach it. */
  readonly isKept: boolean;
  /** An operator asked for the end of this generation. */
  readonly killAsked: EntryRef | null;
  /**
   * The rolling change to the specification of this version has it in hand: released, it keeps its place for the next
   * generation; assigned, it has not been seen healthy yet. null: none has.
   */
  readonly changing: number | null;
  /** An operator asked for a new process in place of this generation's. */
  readonly restartAsked: DrainAsk | null;
  /** It takes over from the generation before, whose clients may stay for so long; null: from none. */
  readonly renewMs: number | null;
  /** The decision that made it so, and the term that it was made in. */
  readonly decided: EntryRef;
  readonly term: number;
  /** `edge-gave-up` facts without an `edge-ready` between, over generations. */
  readonly gaveUpInARow: number;
  /** Why its host refused this generation last; null: it did not, or took it since. */
  readonly refusal: { readonly code: string; readonly message: string } | null;
}

/** The newest rolling change of the specification of this version. */
export interface UpdateState {
  readonly specVersion: number;
  readonly state: 'running' | 'stopped' | 'finished';
  /** That were to be changed when it began. */
  readonly edges: number;
  /** The last one that was begun, counted from 1; 0: none yet. */
  readonly step: number;
  /** Edges that it left behind although they failed. */
  readonly failed: number;
  /** Why it stopped; null: it did not. */
  readonly why: string | null;
}

export type DecidedLiveness = 'up' | 'unmanaged' | 'lost';

export interface HostState {
  readonly host: string;
  readonly epoch: number;
  readonly joined: EntryRef;
  readonly rtmp: readonly number[];
  readonly http: readonly number[];
  readonly liveness: DecidedLiveness;
  /** Where clients and other hosts reach it; absent: its worker did not say. */
  readonly address?: string | undefined;
  /** An origin that it cannot reach (origin-reach.ts). */
  readonly farOrigin?: string | null | undefined;
  /** Engines and confs that its worker's configuration names; absent: it did not say. */
  readonly engines?: readonly string[] | undefined;
  readonly confs?: readonly string[] | undefined;
  /** What its worker's configuration says for placement, as of its last join. */
  readonly labels: Readonly<Record<string, string>>;
  /** Stream edges that it takes; null: what the ports allow. */
  readonly capacity: number | null;
  /** Nothing new is placed on it. */
  readonly cordoned: EntryRef | null;
  /** Nothing at all shall be on it. */
  readonly drain: HostDrain | null;
  /** It took itself out of the farm, and has not joined again. Its slots' generations are still used up. */
  readonly hasLeft?: boolean | undefined;
  /** By edge name (`stream-0`). */
  readonly slots: Readonly<Record<string, SlotState>>;
}

export interface DrainAsk {
  readonly asked: EntryRef;
  readonly deadlineMs: number;
}

export interface HostDrain extends DrainAsk {
  /** When it was asked, by the server's stored time. */
  readonly at: string;
}

/** What the log says, up to `sequence`. A JSON value: it is what a snapshot holds. */
export interface FarmState {
  readonly sequence: number;
  /** Of the last entry on each guarded subject: the next append's expected sequence. */
  readonly operatorSequence: number;
  readonly decisionsSequence: number;
  /** `adopted`: this log was begun for edges that ran already. */
  readonly farm: { readonly farm: string; readonly farmId: string; readonly adopted?: boolean | undefined } | null;
  readonly spec: { readonly version: number; readonly spec: FarmSpec; readonly applied: EntryRef } | null;
  /** The newest of all versions, oldest first; the last is `spec`. */
  readonly specs: readonly SpecVersion[];
  readonly leader: { readonly master: string; readonly term: number; readonly elected: EntryRef } | null;
  /** The newest change of which hosts take edges (lost, returned, left, drained, …): what an assignment elsewhere may follow from. */
  readonly lastMove: EntryRef | null;
  readonly short: { readonly specVersion: number; readonly asked: number; readonly placed: number } | null;
  /** null: there was none, or what was asked since did away with it. */
  readonly update: UpdateState | null;
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
  specs: [],
  leader: null,
  lastMove: null,
  short: null,
  update: null,
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

/** Released only to be defined anew: its place is nobody else's meanwhile. Not if an operator drains it since. */
export function isHeld(slot: SlotState): boolean {
  return slot.status === 'released' && slot.changing !== null && slot.setAside === null;
}

/** It serves, or waits for its clients: there is something to be ended at once. */
export function isEndable(slot: SlotState): boolean {
  return slot.status === 'assigned' || slot.drainMs > 0;
}

/** Stream edges whose place is held. */
export function heldSlots(host: HostState): SlotState[] {
  return slotsOf(host).filter((slot) => slot.role === 'stream' && isHeld(slot));
}

/** Stream edges that are to stay, as far as an operator drains none of them. */
export function stayingSlots(host: HostState): SlotState[] {
  return assignedSlots(host, 'stream').filter((slot) => slot.setAside === null);
}

/** Stream edges that the host has fewer, because an operator drains them. */
export function asideCount(host: HostState): number {
  return slotsOf(host).filter((slot) => slot.role === 'stream' && slot.setAside !== null).length;
}

/** Nothing new is placed there. */
export function isClosed(host: HostState): boolean {
  return host.cordoned !== null || host.drain !== null || host.farOrigin != null;
}

/** Hosts by name, so that what is decided does not depend on the order in which they joined. */
export function hostsOf(state: FarmState): HostState[] {
  return Object.values(state.hosts).sort((a, b) => (a.host < b.host ? -1 : 1));
}
