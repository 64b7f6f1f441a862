import os from 'node:os';
import { keyValues, readText, round, systemProcStats } from './host-stats.js';

/** Figures of this process and its host for the API, read from /proc when asked; what is not there is 0. */
export class ProcStats {
  /** Of the start: a directory that was removed since has no name any more. */
  readonly #cwd = process.cwd();
  #cpuAtMs = performance.now();
  #cpu = process.cpuUsage();
  #cpuPercent = 0;
  #host = hostTimes();
  #hostPercent = 0;

  /** 0..1 of one CPU, since it was last asked, a second ago at least. */
  #sample(): void {
    const now = performance.now();
    const passedMs = now - this.#cpuAtMs;
    if (passedMs < 1000) return;
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#cpuPercent = (user + system) / 1000 / passedMs;
    const host = hostTimes();
    const total = host.total - this.#host.total;
    this.#hostPercent = total > 0 ? 1 - (host.idle - this.#host.idle) / total : 0;
    this.#host = host;
    this.#cpu = process.cpuUsage();
    this.#cpuAtMs = now;
  }

  /** `self` of summaries. `mem_kbyte` is the peak, as in SRS. */
  self(version: string, uptimeMs: number) {
    this.#sample();
    const peakKbyte = process.resourceUsage().maxRSS;
    return {
      version,
      pid: process.pid,
      ppid: process.ppid,
      argv: process.argv.slice(1).join(' '),
      cwd: this.#cwd,
      mem_kbyte: peakKbyte,
      mem_percent: round((peakKbyte * 1024) / os.totalmem()),
      cpu_percent: round(this.#cpuPercent),
      srs_uptime: Math.floor(uptimeMs / 1000),
    };
  }

  /** `system` of summaries; all but srs_* and conn_srs are the host's. */
  system(own: { sent: number; received: number; connections: number }) {
    this.#sample();
    const memory = keyValues('/proc/meminfo');
    const net = netBytes();
    const sockets = sockStat();
    const [load1 = 0, load5 = 0, load15 = 0] = os.loadavg();
    const cpus = os.cpus().length;
    const swap = memory.get('SwapTotal') ?? 0;
    const now = Date.now();
    return {
      cpu_percent: round(this.#hostPercent),
      disk_read_KBps: 0,
      disk_write_KBps: 0,
      disk_busy_percent: 0,
      mem_ram_kbyte: Math.floor(os.totalmem() / 1024),
      mem_ram_percent: round(1 - (memory.get('MemAvailable') ?? 0) / Math.max(1, memory.get('MemTotal') ?? 1)),
      mem_swap_kbyte: swap,
      mem_swap_percent: swap === 0 ? 0 : round(1 - (memory.get('SwapFree') ?? 0) / swap),
      cpus,
      cpus_online: cpus,
      uptime: round(os.uptime()),
      ilde_time: round(Number(readText('/proc/uptime').split(' ')[1] ?? 0)),
      load_1m: round(load1),
      load_5m: round(load5),
      load_15m: round(load15),
      net_sample_time: now,
      net_recv_bytes: net.outer.received,
      net_send_bytes: net.outer.sent,
      net_recvi_bytes: net.inner.received,
      net_sendi_bytes: net.inner.sent,
      srs_sample_time: now,
      srs_recv_bytes: own.received,
      srs_send_bytes: own.sent,
      conn_sys: sockets.inUse + sockets.timeWait,
      conn_sys_et: sockets.inUse,
      conn_sys_tw: sockets.timeWait,
      conn_sys_udp: sockets.udp,
      conn_srs: own.connections,
    };
  }

  systemProcStats() {
    this.#sample();
    return systemProcStats(round(this.#hostPercent));
  }

  /** /proc/self/stat under SRS's names. */
  selfProcStats() {
    this.#sample();
    const text = readText('/proc/self/stat');
    const after = text.slice(text.lastIndexOf(')') + 2).trim();
    const [state = '', ...numbers] = after.split(' ');
    const named = Object.fromEntries(STAT_FIELDS.map((name, index) => [name, Number(numbers[index] ?? 0)]));
    return {
      ok: text !== '',
      sample_time: Date.now(),
      percent: round(this.#cpuPercent),
      pid: process.pid,
      comm: /\(.*\)/s.exec(text)?.[0] ?? '',
      state,
      ...named,
      ppid: process.ppid,
    };
  }
}

/** proc(5), /proc/[pid]/stat from field 4 on. */
const STAT_FIELDS = [
  ...['ppid', 'pgrp', 'session', 'tty_nr', 'tpgid', 'flags', 'minflt', 'cminflt', 'majflt', 'cmajflt', 'utime'],
  ...['stime', 'cutime', 'cstime', 'priority', 'nice', 'num_threads', 'itrealvalue', 'starttime', 'vsize', 'rss'],
  ...['rsslim', 'startcode', 'endcode', 'startstack', 'kstkesp', 'kstkeip', 'signal', 'blocked', 'sigignore'],
  ...['sigcatch', 'wchan', 'nswap', 'cnswap', 'exit_signal', 'processor', 'rt_priority', 'policy'],
  ...['delayacct_blkio_ticks', 'guest_time', 'cguest_time'],
] as const;

function hostTimes(): { idle: number; total: number } {
  let idle = 0;
  let total = 0;
  for (const { times } of os.cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, total };
}

function netBytes() {
  const sum = { inner: { received: 0, sent: 0 }, outer: { received: 0, sent: 0 } };
  for (const line of readText('/proc/net/dev').split('\n')) {
    const match = /^\s*([^\s:]+):\s*(.*)$/.exec(line);
    if (match === null) continue;
    const numbers = (match[2] ?? '').split(/\s+/).map(Number);
    const side = match[1] === 'lo' ? sum.inner : sum.outer;
    side.received += numbers[0] ?? 0;
    side.sent += numbers[8] ?? 0;
  }
  return sum;
}

function sockStat(): { inUse: number; timeWait: number; udp: number } {
  const text = readText('/proc/net/sockstat');
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
  return { inUse: number(/TCP: inuse (\d+)/), timeWait: number(/TCP: .*tw (\d+)/), udp: number(/UDP: inuse (\d+)/) };
}
