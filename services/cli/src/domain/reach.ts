import type { EdgeView, HostView } from '@dolphin/protocol';
import { isLoopback } from '@dolphin/protocol/plain.js';

/** What this machine is called: addresses of its interfaces, and its name. */
export type OwnNames = ReadonlySet<string>;

/**
 * Can an edge be asked from here? Not when its private API is on the loopback of a host that is another machine: on ours,
 * somebody else may answer on that port. Where it cannot be told, the host is taken for another machine.
 */
export function isWithinReach(edge: Pick<EdgeView, 'api'>, host: Pick<HostView, 'address'>, own: OwnNames): boolean {
  return isOwnAddress(host.address, own) || !isLoopback(new URL(edge.api).hostname);
}

/** Of this machine. A host that says no address is one. */
export function isOwnAddress(address: string, own: OwnNames): boolean {
  return address === '' || isLoopback(address) || own.has(address);
}
