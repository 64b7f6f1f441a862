import { DolphinError } from '@dolphin/protocol/plain.js';
import type { Asked } from './command-line.js';
import { findFarm } from './files/find-farm.js';
import { MasterClient } from './http/master-client.js';
import { readStatusLine } from './status-line.js';
import { printError, sayStack } from './verbs/output.js';

// A reader that has enough (head) ends us quietly; a person's Ctrl-C, too.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 74));

process.exitCode = await main();

async function main(): Promise<number> {
  const json = process.argv.includes('--json');
  try {
    const asked = await read(process.argv.slice(2));
    return 'exit' in asked ? asked.exit : await run(asked);
  } catch (error) {
    if (error instanceof DolphinError) return printError(error, json);
    sayStack(error instanceof Error ? error : new Error(String(error)));
    return 70;
  }
}

async function read(argv: readonly string[]): Promise<Asked | { exit: number }> {
  return readStatusLine(argv, process.env) ?? (await import('./command-line.js')).readCommandLine(argv, process.env);
}

/** Each verb is imported when it is asked for: `status` must not pay for what `apply` needs. */
async function run(asked: Asked): Promise<number> {
  const places = findFarm(asked);
  const { tokenFile } = places;
  const token = tokenFile === null ? null : (await import('./http/token-file.js')).readToken(tokenFile);
  const client = new MasterClient(places.apis, token);
  if (asked.verb === 'status') return (await import('./verbs/status.js')).status({ ...places, client }, asked);
  if (asked.verb === 'doctor') return (await import('./verbs/doctor.js')).doctor(places, token, asked);
  const api = new (await import('./http/master-api.js')).MasterApi(client);
  switch (asked.verb) {
    case 'edges':
      return (await import('./verbs/lists.js')).edges(api, asked);
    case 'hosts':
      return (await import('./verbs/lists.js')).hosts(api, asked);
    case 'streams':
      return (await import('./verbs/streams.js')).streams(api, asked);
    case 'events':
      return (await import('./verbs/events.js')).events(api, asked);
    case 'sessions':
      return (await import('./verbs/sessions.js')).sessions(api, asked);
    case 'why':
      return (await import('./verbs/why.js')).why(api, asked);
    case 'clients':
      return (await import('./verbs/clients.js')).clients(api, places, asked);
    case 'kick':
      return (await import('./verbs/clients.js')).kick(api, asked);
    case 'apply':
      return (await import('./verbs/apply.js')).apply(api, asked);
    case 'wait':
      return (await import('./verbs/wait.js')).wait(api, asked);
    case 'plan':
      return (await import('./verbs/plan.js')).plan(api, asked);
    case 'scale':
      return (await import('./verbs/scale.js')).scale(api, asked);
    case 'history':
      return (await import('./verbs/history.js')).history(api, asked);
    case 'rollback':
      return (await import('./verbs/history.js')).rollback(api, asked);
    case 'steer':
      return (await import('./verbs/steer.js')).steer(api, asked);
    case 'init':
      return (await import('./verbs/init.js')).init(api, asked);
    case 'export':
      return (await import('./verbs/export.js')).exportLog({ apis: places.apis, token }, asked);
    case 'import':
      return (await import('./verbs/import.js')).importLog(places, asked);
    default:
      return never(asked);
  }
}

function never(asked: never): never {
  throw new TypeError(`no such verb: ${JSON.stringify(asked)}`);
}
