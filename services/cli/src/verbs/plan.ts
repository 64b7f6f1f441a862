import type { PlanAnswer } from '@dolphin/protocol';
import { planLines } from '../domain/plan-lines.js';
import { readSpec } from '../files/read-spec.js';
import type { MasterApi } from '../http/master-api.js';
import { printJson, printLines } from './output.js';

/** What an apply of this file would do now; nothing is changed. */
export async function plan(api: MasterApi, o: { readonly file: string; readonly json: boolean }): Promise<number> {
  return printPlan(await api.plan({ spec: readSpec(o.file) }), o);
}

export function printPlan(answer: PlanAnswer, { json }: { readonly json: boolean }): number {
  if (json) printJson({ schema: 'dolphin.plan/1', ...answer });
  else printLines(planLines(answer));
  return 0;
}
