import { readFileSync } from 'node:fs';
import { portRanges, unreservedPorts } from '@dolphin/protocol';
import type { Seen } from '../domain/doctor.js';

/** Which of these ports of this machine an outgoing connection may take; null: the kernel's settings cannot be read here. */
export function openPorts(ports: readonly number[]): Seen['openPorts'] {
  const range = read('/proc/sys/net/ipv4/ip_local_port_range');
  if (range === null) return null;
  const reserved = read('/proc/sys/net/ipv4/ip_local_reserved_ports') ?? '';
  const open = portRanges(unreservedPorts(ports, range, reserved));
  const kept = reserved.trim();
  return { open, reserve: kept === '' ? open : `${kept},${open}` };
}

/** Containers hide some of these. */
function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
