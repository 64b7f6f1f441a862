import type { AmfObject } from './amf0.js';

/**
 * The connect argument in which edges name the servers that a pull or a forwarded publish has passed, so that a loop is
 * seen: server ids, separated by commas. Servers of other makes ignore it.
 */
const HOPS_KEY = 'dolphin_hops';
/** Longer chains are cut off: a loop shows within the first round. */
export const MAX_HOPS = 16;
const MAX_HOP_CHARS = 256;

/** A connection that shows the origin somebody else's connect, and asks for nothing more, says so by this. */
const PROBE_KEY = 'dolphin_probe';

export function probeArgument(): AmfObject {
  return { [PROBE_KEY]: true };
}

export function isProbe(args: AmfObject): boolean {
  return Object.hasOwn(args, PROBE_KEY) && args[PROBE_KEY] === true;
}

export function hopsArgument(hops: readonly string[]): AmfObject | null {
  return hops.length === 0 ? null : { [HOPS_KEY]: hops.join(',') };
}

export function hopsOf(args: AmfObject): string[] {
  const value = Object.hasOwn(args, HOPS_KEY) ? args[HOPS_KEY] : undefined;
  if (typeof value !== 'string') return [];
  return value
    .split(',', MAX_HOPS)
    .map((hop) => hop.slice(0, MAX_HOP_CHARS))
    .filter((hop) => hop !== '');
}
