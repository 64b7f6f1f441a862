import type { AmfObject } from './amf0.js';

/**
 * The connect argument in which edges name the servers that a pull or a forwarded publish has passed, so that a loop is
 * seen: server ids, separated by commas. Servers of other makes ignore it.
 */
const HOPS_KEY = 'dolphin_hops';
/** Longer chains are cut off: a loop shows within the first round. */
export const MAX_HOPS = 16;
const MAX_HOP_CHARS = 256;

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
