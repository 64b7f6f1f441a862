import type { Asked } from './command-line.js';
import { apiList } from './domain/api-list.js';
import { isSourceChoice, type SourceChoice } from './domain/source-order.js';

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
    // Each is to be right, also one that a later one takes the place of.
    if (name === '--api' && apiList(value) === null) return null;
    given.set(name, value);
  }
  if (words.shift() !== 'status') return null;
  let [json, watch] = [false, false];
  let source: SourceChoice = 'auto';
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--json') json = true;
    else if (word === '--watch') watch = true;
    else if (word === '--source') {
      const named = words.shift() ?? '';
      if (!isSourceChoice(named)) return null;
      source = named;
    } else return null;
  }
  const apiText = given.get('--api') ?? (env['DOLPHIN_API'] || undefined);
  const apis = apiText === undefined ? null : apiList(apiText);
  if (apiText !== undefined && apis === null) return null;
  const dir = given.get('--dir') ?? (env['DOLPHIN_DIR'] || null);
  const tokenFile = given.get('--token-file') ?? (env['DOLPHIN_TOKEN_FILE'] || null);
  const bus = { nats: null, farm: null, credentials: null };
  return { apis, dir, tokenFile, ...bus, json, verb: 'status', watch, source };
}
