import { readFileSync } from 'node:fs';
import type { HostSettings } from '../domain/host-advice.js';

export function readHostSettings(): HostSettings {
  const files = /^Max open files\s+(\S+)\s+(\S+)/m.exec(read('/proc/self/limits') ?? '');
  return {
    softFiles: limit(files?.[1]),
    hardFiles: limit(files?.[2]),
    notsentLowatBytes: numberIn('/proc/sys/net/ipv4/tcp_notsent_lowat'),
    somaxconn: numberIn('/proc/sys/net/core/somaxconn'),
    reservedPorts: read('/proc/sys/net/ipv4/ip_local_reserved_ports'),
    portRange: read('/proc/sys/net/ipv4/ip_local_port_range'),
  };
}

function limit(text: string | undefined): number | null {
  if (text === undefined) return null;
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}

function numberIn(path: string): number | null {
  const text = read(path);
  return text === null ? null : Number(text);
}

/** Containers hide some of these. */
function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
