import type { Run } from '@dolphin/bench/rounds.js';

/** One program in one round of a bench, with figures that say nothing. */
export const benchRun = (program: string, round: number, cpuUsPerMb: number, more: Partial<Run> = {}): Run => ({
  program,
  protocol: 'rtmp',
  round,
  players: 1,
  seconds: 1,
  cpuPercent: 1,
  cpuUsPerMb,
  megabytes: 1,
  kbps: { min: 1, median: 1, max: 1 },
  sourceKbps: null,
  starving: 0,
  churn: null,
  rssMb: 50,
  idleRssMb: 40,
  kbPerClient: 10,
  loadCpuPercent: 1,
  void: null,
  ...more,
});
