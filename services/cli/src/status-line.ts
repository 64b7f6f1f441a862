import type { Asked } from './command-line.js';
import { apiList } from './domain/api-list.js';
import { isSourceChoice } from './domain/source-order.js';

/**
 * `status` in its usual forms, read without the parser of the other commands, which takes as long to load as the question
 * takes. Null: that one is to read it, be it that there is more to it or that it is wrong.
 */
export function readStatusLine(argv: readonly string[], env: NodeJS.ProcessEnv): Asked | null {
  const words = [...argv];
  const given = new Map<string, string>();
  while (words[0] === '--api' || words[0] === '--dir' || words[0] === '--token-file') {
    const [name = '', value = ''] = words.splice(0, 2);
    if (value === '' || value.startsWith('-')) return null;
    given.set(name, value);
  }
  if (words.shift() !== 'status') return null;
  let [json, watch, source] = [false, false, 'auto'];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--json') json = true;
    else if (word === '--watch') watch = true;
    else if (word === '--source') source = words.shift() ?? '';
    else return null;
  }
  const apiText = given.get('--api') ?? (env['DOLPHIN_API'] || undefined);
  const apis = apiText === undefined ? null : apiList(apiText);
  if ((apiText !== undefined && apis === null) || !isSourceChoice(source)) return null;
  const dir = given.get('--dir') ?? (env['DOLPHIN_DIR'] || null);
  const tokenFile = given.get('--token-file') ?? (env['DOLPHIN_TOKEN_FILE'] || null);
  return { apis, dir, tokenFile, json, verb: 'status', watch, source };
}
