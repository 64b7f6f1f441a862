import { readFile } from 'node:fs/promises';
import type { HostFigures } from '../app/ports.js';
import {
  type CpuTicks,
  cpuPercent,
  parseCpuTicks,
  parseLoad1,
  parseMemory,
  parseNetBytes,
} from '../domain/proc-figures.js';

/** The host's figures from /proc; zeros where there is none. */
export class ProcFigures implements HostFigures {
  #ticks: CpuTicks | null = null;

  async read() {
    const [stat, meminfo, dev, loadavg] = await Promise.all(
      ['stat', 'meminfo', 'net/dev', 'loadavg'].map((name) => readFile(`/proc/${name}`, 'utf8').catch(() => '')),
    );
    const before = this.#ticks;
    this.#ticks = parseCpuTicks(stat ?? '');
    return {
      cpuPercent: cpuPercent(before, this.#ticks),
      load1: parseLoad1(loadavg ?? ''),
      ...parseMemory(meminfo ?? ''),
      ...parseNetBytes(dev ?? ''),
    };
  }
}
