import { readFile } from 'node:fs/promises';
import type { Excuse } from '../domain/freeze-rule.js';
import { excuseOf } from '../domain/process-excuse.js';
import { type ProcessUsage, parseProcessStat } from '../domain/process-usage.js';

/** Null: it is gone. */
export async function readUsage(pid: number): Promise<ProcessUsage | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return text === null ? null : parseProcessStat(text);
}

/** Why a silent process may be silent. */
export async function readExcuse(pid: number): Promise<Excuse | null> {
  const [stat, status] = await Promise.all(
    ['stat', 'status'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => null)),
  );
  return excuseOf(stat ?? null, status ?? null);
}
