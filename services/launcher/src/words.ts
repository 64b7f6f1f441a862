import { edgePorts, type FarmView, GLOBAL_API_PORT, portRanges, unreservedPorts } from '@dolphin/protocol';
import type { Layout } from './domain/layout.js';
import { readText } from './process/log-files.js';

/** What to do with a farm that has just come up. */
export function greeting(
  view: FarmView,
  layout: Layout,
  o: { demo: boolean; logs: string; spec: string; seconds: number },
): string {
  const { ports } = layout;
  const streams = view.edges.filter((edge) => edge.role === 'stream').length;
  const sources = view.edges.length - streams;
  const stream = o.demo ? 'livestream' : 'STREAM';
  const cli = ports.api === GLOBAL_API_PORT ? './dolphin-cli' : `./dolphin-cli --api http://127.0.0.1:${ports.api}`;
  return `
up in ${o.seconds.toFixed(1)} s: ${streams} stream edges, ${sources} back source${sources === 1 ? '' : 's'}

  publish   rtmp://127.0.0.1:${ports.rtmp}/live/STREAM
            ffmpeg -re -i FILE -c copy -f flv rtmp://127.0.0.1:${ports.rtmp}/live/STREAM
  play      ffplay rtmp://127.0.0.1:${ports.rtmp}/live/${stream}
            ffplay http://127.0.0.1:${ports.http}/live/${stream}.flv
  next      ${cli} status
            ${cli} apply -f ${o.spec}
            ${cli} events
  logs      ${o.logs}

Ctrl-C stops all of it.
`;
}

/** The setting that keeps the kernel from giving our ports to outgoing connections; null when nothing is to be said. */
export function portHint(layout: Layout, streamEdges: number): string | null {
  const slots = Array.from({ length: streamEdges }, (_, slot) => edgePorts(layout.edgePorts, { role: 'stream', slot }));
  const all = [edgePorts(layout.edgePorts, { role: 'back-source', slot: 0 }), ...slots];
  const used = [...Object.values(layout.ports), ...all.flatMap((ports) => Object.values(ports))];
  const range = readText('/proc/sys/net/ipv4/ip_local_port_range') ?? '';
  const open = unreservedPorts(used, range, readText('/proc/sys/net/ipv4/ip_local_reserved_ports') ?? '');
  if (open.length === 0) return null;
  return `ports ${portRanges(open)} lie where outgoing connections get theirs; to keep them free, as root:
            sysctl -w net.ipv4.ip_local_reserved_ports=${portRanges(open)}`;
}
