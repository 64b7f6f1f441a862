import { execFile } from 'node:child_process';
import { DolphinError, type EdgeKey } from '@dolphin/protocol';
import type { UnderParent } from './parent-death.js';

/** What an edge may have of its host; what is absent is as the pod has it. */
export interface Confinement {
  /** RLIMIT_NOFILE of each edge. */
  readonly openFiles?: number | undefined;
  /** Slot s runs on cpus[s % n]. */
  readonly cpus?: readonly number[] | undefined;
}

const TRY_MS = 5000;

/**
 * `under`, with an edge's limits: prlimit and taskset (util-linux) set them and become the command, so that its pid, its
 * IPC channel and its death with the parent are kept.
 */
export function confined(under: UnderParent, o: Confinement, edge: EdgeKey): UnderParent {
  return (command, args) => {
    const all = [...limitArgs(o), ...cpuArgs(o, edge.slot), command, ...args];
    return under(all[0] ?? command, all.slice(1));
  };
}

/** Tries on `true` what edges will be started under. Throws E_CONFIG when a tool, a cpu or the right is not there. */
export async function mustConfine(o: Confinement): Promise<void> {
  if (o.openFiles !== undefined) await mustRun('supervise.openFiles', limitArgs(o));
  for (const cpu of new Set(o.cpus ?? [])) await mustRun('supervise.cpus', cpuArgs({ cpus: [cpu] }, 0));
}

function limitArgs({ openFiles }: Confinement): string[] {
  return openFiles === undefined ? [] : ['prlimit', `--nofile=${openFiles}`, '--'];
}

function cpuArgs({ cpus = [] }: Confinement, slot: number): string[] {
  const cpu = cpus[slot % cpus.length];
  return cpu === undefined ? [] : ['taskset', '-c', String(cpu)];
}

async function mustRun(where: string, [command = '', ...args]: readonly string[]): Promise<void> {
  const why = await new Promise<string | null>((resolve) => {
    execFile(command, [...args, 'true'], { timeout: TRY_MS, killSignal: 'SIGKILL' }, (error, _stdout, stderr) => {
      if (error === null) resolve(null);
      else if (error.code === 'ENOENT') resolve(`there is no ${command} here`);
      else resolve(stderr.trim().split('\n')[0] || error.message);
    });
  });
  if (why !== null) throw new DolphinError('E_CONFIG', { where, why });
}
