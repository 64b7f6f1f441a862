import type { PortHolder } from '@dolphin/runtime';

/** Which addresses a bind failed on, and who has the port. */
export interface ProbeResult {
  /** A bind on the edge's own address worked. */
  readonly ownFree: boolean;
  readonly holders: readonly PortHolder[];
}

/**
 * Does a listener keep an edge from this IPv4 address? One on another address of the host does not: that may be another host
 * of the farm. One on IPv6 may take IPv4 clients as well.
 */
export function isInTheWay({ localAddress }: PortHolder, address: string): boolean {
  if (localAddress.length !== IPV4_HEX_CHARS) return true;
  return localAddress === '00000000' || localAddress === hexOf(address);
}

/** As the kernel writes it, on a little-endian machine: 127.0.0.1 is 0100007F. */
function hexOf(address: string): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0'));
  return bytes.reverse().join('');
}

const IPV4_HEX_CHARS = 8;

/**
 * `passing`: held by an outgoing connection, which ends by itself. A connection from another loopback address than the
 * edge's (our own relays use them) does not keep the edge from binding.
 */
export function judgePort(probe: ProbeResult): 'free' | 'passing' | 'taken' {
  if (probe.holders.some((holder) => holder.listening)) return 'taken';
  if (probe.ownFree) return 'free';
  return probe.holders.length > 0 ? 'passing' : 'taken';
}
