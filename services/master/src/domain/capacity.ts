import { type FarmSpec, MAX_EDGES_PER_HOST } from '@dolphin/protocol';
import {
  asideCount,
  type FarmState,
  type HostState,
  heldSlots,
  hostsOf,
  isClosed,
  stayingSlots,
} from './farm-state.js';

/** Whether the specification wants stream edges there: a host that has all the labels that it names. */
export function isMeant(host: HostState, { edges: { on } }: FarmSpec): boolean {
  return Object.entries(on ?? {}).every(([label, value]) => labelOf(host, label) === value);
}

function labelOf({ labels }: HostState, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}

/** The stream edges that a host takes when it is open, by its worker's configuration. */
export function capacityOf({ capacity }: HostState): number {
  return Math.min(capacity ?? MAX_EDGES_PER_HOST, MAX_EDGES_PER_HOST);
}

/**
 * The most stream edges that a host may have now: fewer by those that an operator drains. One that is cordoned keeps what
 * it has, and gets nothing.
 */
export function roomOn(host: HostState, spec: FarmSpec): number {
  if (host.drain !== null || !isMeant(host, spec)) return 0;
  const most = Math.max(0, capacityOf(host) - asideCount(host));
  return isClosed(host) ? Math.min(most, stayingSlots(host).length + heldSlots(host).length) : most;
}

/** Of so many that are asked for on each host. */
export function wantedOn(host: HostState, perHost: number): number {
  return Math.max(0, perHost - asideCount(host));
}

export interface Shortage {
  readonly asked: number;
  readonly placed: number;
  readonly why: string;
}

/**
 * What the specification asks for and the hosts that are there do not take; null: they take it all. It follows from the log
 * alone, so that every master knows when it is over. What an operator keeps off a host is short in a total only: a number
 * per host says nothing about hosts that are closed.
 */
export function shortageOf(state: FarmState): Shortage | null {
  if (!state.spec) return null;
  const { spec } = state.spec;
  const hosts = hostsOf(state);
  const present = hosts.filter(({ liveness }) => liveness !== 'lost');
  const meant = present.filter((host) => isMeant(host, spec));
  if (hosts.length === 0) return null;
  // Hosts that are away come back, and then have their number each.
  if ('perHost' in spec.edges && present.length === 0) return null;
  return 'total' in spec.edges ? totalShortage(spec.edges.total, meant, present, spec) : perHostShortage(meant, spec);
}

/** Stream edges that are asked for, and that no host takes. */
export function unplacedIn(state: FarmState): number {
  const shortage = shortageOf(state);
  return shortage === null ? 0 : shortage.asked - shortage.placed;
}

function totalShortage(
  asked: number,
  meant: readonly HostState[],
  present: readonly HostState[],
  spec: FarmSpec,
): Shortage | null {
  const most = meant.reduce((sum, host) => sum + roomOn(host, spec), 0);
  if (most >= asked) return null;
  const closed = meant.filter(isClosed).length;
  const closedWords = closed === 0 ? '' : `, ${closed} of them cordoned or drained`;
  const why = `${counted(meant.length, 'host')}${labelWords(spec)}${closedWords} take ${counted(most, 'edge')}`;
  return { asked, placed: most, why: present.length === 0 ? 'no host is up' : why };
}

function perHostShortage(meant: readonly HostState[], spec: FarmSpec): Shortage | null {
  const asked = 'perHost' in spec.edges ? spec.edges.perHost : 0;
  if (meant.length === 0 && asked > 0) return { asked, placed: 0, why: `0 hosts${labelWords(spec)} are up` };
  const open = meant.filter((host) => !isClosed(host));
  const small = open.filter((host) => capacityOf(host) < asked);
  if (small.length === 0) return null;
  const placed = open.reduce((sum, host) => sum + Math.min(asked, capacityOf(host)), 0);
  const some = small.slice(0, MAX_HOSTS_NAMED).map((host) => `${host.host} takes ${counted(capacityOf(host), 'edge')}`);
  const more = small.length > some.length ? `, and ${small.length - some.length} more hosts take too few` : '';
  return { asked: asked * open.length, placed, why: `${some.join(', ')}${more}` };
}

/** A sentence for people: the first few say what is wrong. */
const MAX_HOSTS_NAMED = 5;

function labelWords({ edges: { on } }: FarmSpec): string {
  const labels = Object.entries(on ?? {}).map(([label, value]) => `${label}: ${value}`);
  return labels.length === 0 ? '' : ` with ${labels.slice(0, MAX_HOSTS_NAMED).join(', ')}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
