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
