import { readFileSync } from 'node:fs';

/** `rusages`: getrusage(2) under SRS's names; times in whole seconds, ru_maxrss in KiB. */
export function rusages() {
  const used = process.resourceUsage();
  return {
    ok: true,
    sample_time: Date.now(),
    ru_utime: Math.floor(used.userCPUTime / 1e6),
    ru_stime: Math.floor(used.systemCPUTime / 1e6),
    ru_maxrss: used.maxRSS,
    ru_ixrss: used.sharedMemorySize,
    ru_idrss: used.unsharedDataSize,
    ru_isrss: used.unsharedStackSize,
    ru_minflt: used.minorPageFault,
    ru_majflt: used.majorPageFault,
    ru_nswap: used.swappedOut,
    ru_inblock: used.fsRead,
    ru_oublock: used.fsWrite,
    ru_msgsnd: used.ipcSent,
    ru_msgrcv: used.ipcReceived,
    ru_nsignals: used.signalsCount,
    ru_nvcsw: used.voluntaryContextSwitches,
    ru_nivcsw: used.involuntaryContextSwitches,
  };
}

/** `system_proc_stats`: the host's processors since boot, in ticks, from the first line of proc(5) /proc/stat. */
export function systemProcStats(cpuPercent: number) {
  const line = readText('/proc/stat').split('\n', 1)[0] ?? '';
  const numbers = line.split(/\s+/).slice(1).map(Number);
  const named = Object.fromEntries(TICKS.map((name, index) => [name, numbers[index] ?? 0]));
  return { ok: line !== '', sample_time: Date.now(), percent: cpuPercent, ...named };
}

const TICKS = ['user', 'nice', 'sys', 'idle', 'iowait', 'irq', 'softirq', 'steal', 'guest'] as const;

/** `meminfos`: the host's memory in KiB. SRS's sums: active is what is not free, in use what is neither cache nor buffer. */
export function memInfos() {
  const memory = keyValues('/proc/meminfo');
  const kib = (name: string) => memory.get(name) ?? 0;
  const total = kib('MemTotal');
  const active = total - kib('MemFree');
  const inUse = active - kib('Buffers') - kib('Cached');
  const swapTotal = kib('SwapTotal');
  return {
    ok: total > 0,
    sample_time: Date.now(),
    percent_ram: total === 0 ? 0 : round(active / total),
    percent_swap: swapTotal === 0 ? 0 : round((swapTotal - kib('SwapFree')) / swapTotal),
    MemActive: active,
    RealInUse: inUse,
    NotInUse: total - inUse,
    MemTotal: total,
    MemFree: kib('MemFree'),
    Buffers: kib('Buffers'),
    Cached: kib('Cached'),
    SwapTotal: swapTotal,
    SwapFree: kib('SwapFree'),
  };
}

/** SRS prints two digits. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** A file of /proc; '' where there is none. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The `Name: number` lines of a file of /proc. */
export function keyValues(path: string): Map<string, number> {
  const lines = readText(path).split('\n');
  return new Map(
    lines.flatMap((line) => [...line.matchAll(/^(\w+):\s+(\d+)/g)].map((m) => [m[1] ?? '', Number(m[2])])),
  );
}
