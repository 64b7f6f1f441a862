import type { Asked } from './command-line.js';
import { apiList, DEFAULT_API } from './domain/api-list.js';

/**
 * `status` in its usual forms, read without the parser of the other commands, which takes as long to load as the question
 * takes. Null: that one is to read it, be it that there is more to it or that it is wrong.
 */
export function readStatusLine(argv: readonly string[], env: NodeJS.ProcessEnv): Asked | null {
  const words = [...argv];
  let apiText = env['DOLPHIN_API'] || DEFAULT_API;
  if (words[0] === '--api') [, apiText = ''] = words.splice(0, 2);
  if (words.shift() !== 'status') return null;
  const apis = apiList(apiText);
  const isKnown = words.every((word) => word === '--json' || word === '--watch');
  if (apis === null || !isKnown) return null;
  return { apis, json: words.includes('--json'), verb: 'status', watch: words.includes('--watch') };
}
