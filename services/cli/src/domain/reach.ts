import type { EdgeView, HostView } from '@dolphin/protocol';
import { isLoopback } from '@dolphin/protocol/plain.js';

/** What this machine is called: addresses of its interfaces, and its name. */
export type OwnNames = ReadonlySet<string>;

/**
 * Can an edge be asked from here? Not when its private API is on the loopback of a host that is another machine: on ours,
 * somebody else may answer on that port. Where it cannot be told, the host is taken for another machine.
 */
export function isWithinReach(edge: Pick<EdgeView, 'api'>, host: Pick<HostView, 'address'>, own: OwnNames): boolean {
  const isOurs = host.address === '' || isLoopback(host.address) || own.has(host.address);
  return isOurs || !isLoopback(new URL(edge.api).hostname);
}
