import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same pid: `start` is in clock ticks since boot. */
export interface ProcessId {
  readonly pid: number;
  readonly start: number;
}

/** The process `pid` as it is now; null when there is none, or only its zombie. */
export function identify(pid: number): ProcessId | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, and may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, start] = [fields[0], Number(fields[19])];
    return state === 'Z' || state === 'X' || !Number.isFinite(start) ? null : { pid, start };
  } catch {
    return null;
  }
}

export function isAlive(id: ProcessId): boolean {
  return identify(id.pid)?.start === id.start;
}

/** Signals exactly that process; false when it is gone. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false;
  try {
    process.kill(id.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** The command line, for people; null when it cannot be read. */
export function commandOf(pid: number): string | null {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
    return words.length > 0 ? words.join(' ').slice(0, 200) : null;
  } catch {
    return null;
  }
}

/** Processes whose working directory is exactly `dir`. */
export function processesIn(dir: string): ProcessId[] {
  let real: string;
  try {
    real = realpathSync(dir);
  } catch {
    return [];
  }
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      if (readlinkSync(`/proc/${name}/cwd`) !== real) return [];
    } catch {
      return [];
    }
    const id = identify(Number(name));
    return id ? [id] : [];
  });
}

export interface PortHolder {
  readonly pid: number;
  readonly command: string;
}

/** Who holds a local TCP port, listening or connected; null when that cannot be seen (another user's process). */
export function portHolder(port: number): PortHolder | null {
  const inodes = new Set([...inodesOf('/proc/net/tcp', port), ...inodesOf('/proc/net/tcp6', port)]);
  if (inodes.size === 0) return null;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    if (descriptorsOf(name).some((target) => inodes.has(target))) {
      return { pid: Number(name), command: commandOf(Number(name)) ?? 'unknown' };
    }
  }
  return null;
}

/** `socket:[inode]` of the sockets with that local port; listening ones only, if there are any. */
function inodesOf(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let rows: string[][];
  try {
    rows = readFileSync(table, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/));
  } catch {
    return [];
  }
  const ours = rows.filter((row) => row[1]?.endsWith(suffix) && row[9] !== '0');
  const listening = ours.filter((row) => row[3] === '0A');
  return (listening.length > 0 ? listening : ours).map((row) => `socket:[${row[9]}]`);
}

function descriptorsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
