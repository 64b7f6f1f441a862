import type { Excuse } from './freeze-rule.js';

/**
 * May a process be silent without being frozen? From the texts of /proc/<pid>/stat and /proc/<pid>/status (proc(5));
 * null for those of a process that is gone. A stopped one (T, SIGSTOP) has no excuse, unless a debugger stopped it.
 */
export function excuseOf(stat: string | null, status: string | null): Excuse | null {
  if (stat === null || status === null) return 'gone';
  // The command's name may hold spaces and parentheses: the state follows the last one.
  const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  if (state === 'Z' || state === 'X') return 'gone';
  if (state === 'D') return 'uninterruptible';
  const tracer = Number(/^TracerPid:\s*(\d+)/m.exec(status)?.[1] ?? 0);
  return state === 't' || tracer !== 0 ? 'traced' : null;
}
