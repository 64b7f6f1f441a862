import type { FarmView, HostView } from '@dolphin/protocol';

const COMPARE = {
  '>=': (a: number, b: number) => a >= b,
  '<=': (a: number, b: number) => a <= b,
  '==': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
  '>': (a: number, b: number) => a > b,
  '<': (a: number, b: number) => a < b,
} as const;
type Comparison = keyof typeof COMPARE;

const FARM_NUMBERS = {
  hosts: ({ totals }) => totals.hosts,
  hostsUp: ({ totals }) => totals.hostsUp,
  desired: ({ totals }) => totals.desired,
  ready: ({ totals }) => totals.ready,
  clients: ({ totals }) => totals.clients,
  edges: ({ edges }) => edges.length,
  spec: ({ specVersion }) => specVersion,
  sequence: ({ sequence }) => sequence,
} as const satisfies Record<string, (view: FarmView) => number>;

const FARM_FLAGS = {
  settled: ({ settled }) => settled,
  connected: ({ connected }) => connected,
  led: ({ leader }) => leader !== null,
} as const satisfies Record<string, (view: FarmView) => boolean>;

const HOST_NUMBERS = {
  desired: ({ desired }) => desired,
  ready: ({ ready }) => ready,
  clients: ({ clients }) => clients,
} as const satisfies Record<string, (host: HostView) => number>;

const HOST_FLAGS = {
  up: ({ liveness }) => liveness === 'up',
  lost: ({ liveness }) => liveness === 'lost',
  cordoned: ({ cordoned }) => cordoned === true,
  draining: ({ draining }) => draining !== undefined,
} as const satisfies Record<string, (host: HostView) => boolean>;

/** One condition: what it looks at, and whether it holds there. */
interface Term {
  readonly name: string;
  /** Null: there is no such host. */
  readonly value: (view: FarmView) => number | boolean | null;
  readonly holds: (value: number | boolean | null) => boolean;
}

/** Conditions that are all to hold. */
export interface WaitExpression {
  readonly text: string;
  readonly terms: readonly Term[];
}

export interface Looked {
  readonly holds: boolean;
  /** What was looked at, by name; null: there is no such host. */
  readonly values: Readonly<Record<string, number | boolean | null>>;
}

/** More conditions than this are a script. */
const MAX_TERMS = 16;
const TERM = /^(!?)(?:([a-z0-9][a-z0-9-]{0,62})\.)?([a-zA-Z]+)\s*(?:(>=|<=|==|!=|>|<)\s*(\d{1,15}))?$/;

/**
 * `ready>=6`, `settled`, `!settled`, `h1.ready==2`, `h2.up`, and several of them with commas. A text: what is wrong.
 */
export function parseWait(text: string): WaitExpression | string {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length > MAX_TERMS) return `it wants ${MAX_TERMS} conditions at most`;
  const terms: Term[] = [];
  for (const part of parts) {
    const term = parseTerm(part);
    if (typeof term === 'string') return term;
    terms.push(term);
  }
  return { text, terms };
}

export function look(expression: WaitExpression, view: FarmView): Looked {
  const looked = expression.terms.map(({ name, value, holds }) => {
    const found = value(view);
    return { name, found, holds: holds(found) };
  });
  return {
    holds: looked.every(({ holds }) => holds),
    values: Object.fromEntries(looked.map(({ name, found }) => [name, found])),
  };
}

function parseTerm(part: string): Term | string {
  const [whole, not, host, what = '', comparison, number] = TERM.exec(part) ?? [];
  if (whole === undefined) return `'${part}' is no condition, as ready>=6, settled or h1.ready==2 are`;
  const isNumber = comparison !== undefined;
  const value = isNumber ? numberOf(host, what) : flagOf(host, what);
  if (value === null || (isNumber && not !== '')) {
    const numbers = Object.keys(host === undefined ? FARM_NUMBERS : HOST_NUMBERS).join(', ');
    const flags = Object.keys(host === undefined ? FARM_FLAGS : HOST_FLAGS).join(', ');
    return `'${part}': to be compared there are ${numbers}; to be so or not (!) there are ${flags}`;
  }
  const name = host === undefined ? what : `${host}.${what}`;
  const compare = isNumber ? COMPARE[comparison as Comparison] : null;
  return {
    name,
    value,
    // Of a host that is not there nothing holds, neither that it is so nor that it is not: it may be a typing mistake.
    holds: (found) =>
      typeof found === 'number' ? compare?.(found, Number(number)) === true : found !== null && found === (not === ''),
  };
}

function numberOf(host: string | undefined, what: string): Term['value'] | null {
  if (host === undefined) return isKey(FARM_NUMBERS, what) ? FARM_NUMBERS[what] : null;
  return isKey(HOST_NUMBERS, what) ? (view) => ofHost(view, host, HOST_NUMBERS[what]) : null;
}

function flagOf(host: string | undefined, what: string): Term['value'] | null {
  if (host === undefined) return isKey(FARM_FLAGS, what) ? FARM_FLAGS[what] : null;
  return isKey(HOST_FLAGS, what) ? (view) => ofHost(view, host, HOST_FLAGS[what]) : null;
}

function ofHost<T>({ hosts }: FarmView, name: string, of: (host: HostView) => T): T | null {
  const host = hosts.find((one) => one.host === name);
  return host ? of(host) : null;
}

function isKey<T extends object>(table: T, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(table, key);
}
