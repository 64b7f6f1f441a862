import { type EdgeKey, edgePorts, type FarmView, portRanges, unreservedPorts } from '@dolphin/protocol';
import type { Layout } from './domain/layout.js';
import { readText } from './process/log-files.js';

/** What to do with a farm that has just come up. */
export function greeting(
  view: FarmView,
  layout: Layout,
  o: { demo: boolean; dir: string | undefined; join: string | null; logs: string; spec: string; seconds: number },
): string {
  const { address, ports } = layout;
  const ready = view.edges.filter(({ state }) => state === 'ready');
  const streams = ready.filter(({ role }) => role === 'stream').length;
  const sources = ready.filter(({ role }) => role === 'back-source').length;
  const http = ready.length - streams - sources;
  const hlsWords = http === 0 ? '' : `, ${http} http edge${http === 1 ? '' : 's'}`;
  const stream = o.demo ? 'livestream' : 'STREAM';
  const cli = o.dir === undefined ? './dolphin-cli' : `./dolphin-cli --dir ${o.dir}`;
  return `
up in ${o.seconds.toFixed(1)} s: ${streams} stream edges, ${sources} back source${sources === 1 ? '' : 's'}${hlsWords}

  publish   rtmp://${address}:${ports.rtmp}/live/STREAM
            ffmpeg -re -i FILE -c copy -f flv rtmp://${address}:${ports.rtmp}/live/STREAM
  play      ffplay rtmp://${address}:${ports.rtmp}/live/${stream}
            ffplay http://${address}:${ports.http}/live/${stream}.flv
${http === 0 ? '' : `            ffplay http://${address}:${ports.http}/live/${stream}.m3u8\n`}  next      ${cli} status
            ${cli} apply -f ${o.spec}
            ${cli} events
  logs      ${o.logs}
${o.join ?? ''}
Ctrl-C stops all of it.
`;
}

/** How the next host joins. The command holds its password. */
export function joinHint(host: string, command: string, dir: string | undefined): string {
  return `  join      the next host, ${host}: paste this in a checkout on its machine (it holds the host's password)
            ${command}
            one of another name: ${inviteCommand(dir)}
`;
}

/** Why no command is printed, and how to get one. */
export function noJoinHint(why: string, dir: string | undefined): string {
  return `  join      no command for the next host: ${why}
            to have one: ${inviteCommand(dir)}
`;
}

function inviteCommand(dir: string | undefined): string {
  return dir === undefined ? './dolphin invite HOST' : `./dolphin invite HOST --dir ${dir}`;
}

/** The setting that keeps the kernel from giving our ports to outgoing connections; null when nothing is to be said. */
export function portHint(layout: Layout, edges: readonly EdgeKey[]): string | null {
  const all = edges.map((edge) => edgePorts(layout.edgePorts, edge));
  const used = [...Object.values(layout.ports), ...all.flatMap((ports) => Object.values(ports))];
  const range = readText('/proc/sys/net/ipv4/ip_local_port_range') ?? '';
  const open = unreservedPorts(used, range, readText('/proc/sys/net/ipv4/ip_local_reserved_ports') ?? '');
  if (open.length === 0) return null;
  return `ports ${portRanges(open)} lie where outgoing connections get theirs; to keep them free, as root:
            sysctl -w net.ipv4.ip_local_reserved_ports=${portRanges(open)}`;
}
