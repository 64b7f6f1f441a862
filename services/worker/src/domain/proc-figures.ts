/** The host's own figures, from the text of files under /proc (proc(5)). */

export interface CpuTicks {
  readonly busy: number;
  readonly total: number;
}

/** The first line of /proc/stat: user nice system idle iowait irq softirq steal (guest times are inside user and nice). */
export function parseCpuTicks(stat: string): CpuTicks | null {
  const line = /^cpu +([\d ]+)$/m.exec(stat)?.[1];
  if (line === undefined) return null;
  const ticks = line.trim().split(/ +/).map(Number).slice(0, 8);
  const total = ticks.reduce((sum, tick) => sum + tick, 0);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  return { busy: total - idle, total };
}

/** Percent of all processors together, 0 to 100. */
export function cpuPercent(before: CpuTicks | null, now: CpuTicks | null): number {
  if (before === null || now === null || now.total <= before.total) return 0;
  const percent = ((now.busy - before.busy) / (now.total - before.total)) * 100;
  return Math.min(100, Math.max(0, Math.round(percent * 10) / 10));
}

/** /proc/meminfo; free is what programs could get (MemAvailable), not what nobody uses. */
export function parseMemory(meminfo: string): { readonly memoryBytes: number; readonly memoryFreeBytes: number } {
  const kib = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0);
  return { memoryBytes: kib('MemTotal') * 1024, memoryFreeBytes: kib('MemAvailable') * 1024 };
}

/** /proc/net/dev: bytes since boot over all interfaces but loopback. */
export function parseNetBytes(dev: string): { readonly receivedBytes: number; readonly sentBytes: number } {
  let receivedBytes = 0;
  let sentBytes = 0;
  for (const line of dev.split('\n')) {
    const [, name, rest] = /^ *([^\s:]+): *(.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined || name === 'lo') continue;
    const fields = rest.trim().split(/ +/).map(Number);
    receivedBytes += fields[0] || 0;
    sentBytes += fields[8] || 0;
  }
  return { receivedBytes, sentBytes };
}

/** The first number of /proc/loadavg. */
export function parseLoad1(loadavg: string): number {
  const load = Number(loadavg.split(' ')[0]);
  return Number.isFinite(load) && load >= 0 ? load : 0;
}
