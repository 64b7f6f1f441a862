/** CPU and memory of a process, from the text of /proc/<pid>/stat (proc(5)). */
export interface ProcessUsage {
  /** User and system time since it started. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** USER_HZ is 100 on every Linux architecture that Node runs on, and the page 4 KiB on x86 and most arm64. */
const MS_PER_TICK = 10;
const PAGE_BYTES = 4096;

/** Null for what is not such a line. The command's name may hold spaces and parentheses: fields count from the last one. */
export function parseProcessStat(text: string): ProcessUsage | null {
  const close = text.lastIndexOf(')');
  if (close === -1) return null;
  const fields = text.slice(close + 2).split(' ');
  const userTicks = Number(fields[11]);
  const systemTicks = Number(fields[12]);
  const rssPages = Number(fields[21]);
  if (!Number.isFinite(userTicks + systemTicks + rssPages)) return null;
  return { cpuMs: (userTicks + systemTicks) * MS_PER_TICK, rssBytes: Math.max(0, rssPages) * PAGE_BYTES };
}

/** What is counted of an edge at one moment; counters since its process started. */
export interface EdgeSample {
  readonly at: number;
  readonly pid: number;
  readonly cpuMs: number;
  readonly sentBytes: number;
}

/** Rates between two samples; zero over a restart, whose counters begin anew. */
export function edgeRates(
  before: EdgeSample | null,
  now: EdgeSample,
): { readonly cpuPercent: number; readonly kbitPerS: number } {
  if (before === null || before.pid !== now.pid || now.at <= before.at) return { cpuPercent: 0, kbitPerS: 0 };
  const ms = now.at - before.at;
  return {
    cpuPercent: round((Math.max(0, now.cpuMs - before.cpuMs) / ms) * 100),
    kbitPerS: round((Math.max(0, now.sentBytes - before.sentBytes) * 8) / ms),
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
