import type { ApplyAnswer } from '@dolphin/protocol';
import type { MasterApi } from '../http/master-api.js';
import { printJson, printLines, say } from './output.js';
import { waitSettled } from './wait-for.js';

export interface AppliedOptions {
  readonly json: boolean;
  /** Null: it is enough that the wish is stored. */
  readonly waitMs: number | null;
}

/** Says what became of a new specification; with `waitMs`, when the farm is so. */
export async function applied(api: MasterApi, answer: ApplyAnswer, { json, waitMs }: AppliedOptions): Promise<number> {
  const { changed, specVersion, sequence } = answer;
  const words = changed
    ? `applied: spec version ${specVersion}, sequence ${sequence}`
    : `nothing changed: the farm has this specification already, version ${specVersion}`;
  if (waitMs === null) {
    if (json) printJson({ schema: 'dolphin.apply/1', ...answer });
    else printLines([words]);
    return 0;
  }
  say(words);
  const { settled, totals } = await waitSettled(api, specVersion, waitMs);
  if (json) printJson({ schema: 'dolphin.apply/1', ...answer, settled });
  else
    printLines([`settled: spec version ${specVersion}, ${totals.ready} of ${totals.desired} stream edges are ready`]);
  return 0;
}
