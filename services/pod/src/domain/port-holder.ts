/** A socket of /proc/net/tcp or tcp6 that has a port. */
export interface PortHolder {
  readonly listening: boolean;
  /** 0 for a socket that no process has any more (TIME_WAIT). */
  readonly inode: number;
  /** As the kernel writes it: hex, in host byte order. */
  readonly localAddress: string;
}

const LISTEN = '0A';
const TIME_WAIT = '06';

/** Holders of a local port in the text of /proc/net/tcp{,6} (proc(5)); TIME_WAIT does not keep anybody from binding. */
export function holdersOf(port: number, table: string): PortHolder[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const holders: PortHolder[] = [];
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [address, hexPort] = (fields[1] ?? '').split(':');
    const state = fields[3];
    if (address === undefined || hexPort !== wanted || state === TIME_WAIT) continue;
    holders.push({ listening: state === LISTEN, inode: Number(fields[9] ?? 0), localAddress: address });
  }
  return holders;
}

/** Which addresses a bind failed on, and who has the port. */
export interface ProbeResult {
  readonly loopbackFree: boolean;
  readonly holders: readonly PortHolder[];
}

/**
 * `passing`: held by an outgoing connection, which ends by itself. A connection from another loopback address than the
 * edge's (our own relays use them) does not keep the edge from binding.
 */
export function judgePort(probe: ProbeResult): 'free' | 'passing' | 'taken' {
  if (probe.holders.some((holder) => holder.listening)) return 'taken';
  if (probe.loopbackFree) return 'free';
  return probe.holders.length > 0 ? 'passing' : 'taken';
}
