import { readFile } from 'node:fs/promises';
import { type ProcessUsage, parseProcessStat } from '../domain/process-usage.js';

/** Null: it is gone. */
export async function readUsage(pid: number): Promise<ProcessUsage | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return text === null ? null : parseProcessStat(text);
}
