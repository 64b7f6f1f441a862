import { type Looked, look, type WaitExpression } from '../domain/wait-expression.js';
import type { MasterApi } from '../http/master-api.js';
import { printJson, printLines } from './output.js';
import { waitFor } from './wait-for.js';

export interface WaitOptions {
  readonly expression: WaitExpression;
  readonly timeoutMs: number;
  readonly json: boolean;
}

/** Until the expression holds. Throws E_WAIT_TIMEOUT. */
export async function wait(api: MasterApi, { expression, timeoutMs, json }: WaitOptions): Promise<number> {
  const start = performance.now();
  const { values } = await waitFor(api, {
    what: expression.text,
    timeoutMs,
    look: (view) => {
      const looked = look(expression, view);
      return looked.holds ? looked : null;
    },
    meanwhile: (view) => inWords(look(expression, view).values),
  });
  const waitedMs = Math.round(performance.now() - start);
  if (json) printJson({ schema: 'dolphin.wait/1', for: expression.text, waitedMs, values });
  else printLines([inWords(values)]);
  return 0;
}

function inWords(values: Looked['values']): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value === null ? 'unknown' : value}`)
    .join(', ');
}
