import { portRanges, unreservedPorts } from '@dolphin/protocol';

/** How this host is set; null: not to be read here. Texts are those of /proc. */
export interface HostSettings {
  /** RLIMIT_NOFILE of the pod, which its children inherit. */
  readonly softFiles: number | null;
  readonly hardFiles: number | null;
  readonly notsentLowatBytes: number | null;
  readonly somaxconn: number | null;
  readonly reservedPorts: string | null;
  readonly portRange: string | null;
}

/** What this pod is to serve. */
export interface PodLoad {
  /** Clients that one edge admits, by its conf. */
  readonly clientsPerEdge: number;
  readonly edges: number;
  /** Relay processes that its clients go through; 0: every client is handed off. */
  readonly relays: number;
  /** RLIMIT_NOFILE that edges are given; null: the pod's. */
  readonly edgeFiles: number | null;
  /** All that it and its edges listen on. */
  readonly ports: readonly number[];
}

/** Logs, listeners, pulls, probes and what a runtime keeps for itself: SRS counts 128; 64 more are kept for probes. */
const SPARE_FILES = 192;
/** A player that stops reading then holds 284 KB, 5 s of 500 kbit/s; with the kernel's default 4 MB, a minute. */
const NOTSENT_LOWAT_BYTES = 131_072;
/** The pod's backlog: a connection above it is tried again by its client a second later. */
const BACKLOG = 4096;

/** What should be set otherwise on this host, a sentence each with the command; empty when all is well. */
export function hostAdvice(host: HostSettings, load: PodLoad): string[] {
  const advice: string[] = [];
  const perEdge = load.clientsPerEdge + SPARE_FILES;
  // One for the client, one for the edge.
  const perRelay =
    load.relays === 0 ? 0 : Math.ceil((2 * load.clientsPerEdge * load.edges) / load.relays) + SPARE_FILES;
  const files = Math.max(load.edgeFiles === null ? perEdge : 0, perRelay);
  if (host.softFiles !== null && host.softFiles < files) {
    const who = perRelay > perEdge ? 'a relay process' : 'an edge';
    const hard = host.hardFiles !== null && host.hardFiles < files ? ', as root' : '';
    advice.push(
      `${who} may need ${files} open files for its clients, and ${host.softFiles} are allowed: ` +
        `ulimit -n ${files}${hard} before the start, or LimitNOFILE=${files} in the unit`,
    );
  }
  if (load.edgeFiles !== null && load.edgeFiles < perEdge) {
    advice.push(`an edge may need ${perEdge} open files for its clients: supervise.openFiles: ${perEdge}`);
  }
  if (host.notsentLowatBytes !== null && host.notsentLowatBytes > NOTSENT_LOWAT_BYTES) {
    advice.push(
      'a player that does not read is noticed only after 4 MB: ' +
        `sysctl -w net.ipv4.tcp_notsent_lowat=${NOTSENT_LOWAT_BYTES}`,
    );
  }
  if (host.somaxconn !== null && host.somaxconn < BACKLOG) {
    advice.push(`a burst of more than ${host.somaxconn} connections waits: sysctl -w net.core.somaxconn=${BACKLOG}`);
  }
  const open = unreservedPorts(load.ports, host.portRange ?? '', host.reservedPorts ?? '');
  if (host.portRange !== null && open.length > 0) {
    const kept = host.reservedPorts?.trim() ?? '';
    const all = kept === '' ? portRanges(open) : `${kept},${portRanges(open)}`;
    advice.push(
      `ports ${portRanges(open)} may be taken by outgoing connections: ` +
        `sysctl -w net.ipv4.ip_local_reserved_ports=${all}`,
    );
  }
  return advice;
}
