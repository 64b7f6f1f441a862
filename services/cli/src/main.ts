import { DolphinError } from '@dolphin/protocol';
import { type Asked, readCommandLine } from './command-line.js';
import { MasterApi } from './http/master-api.js';
import { readToken } from './http/token-file.js';
import { printError, say } from './verbs/output.js';

// A reader that has enough (head) ends us quietly; a person's Ctrl-C, too.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 74));
process.on('SIGUSR1', () => undefined);

process.exitCode = await main();

async function main(): Promise<number> {
  const json = process.argv.includes('--json');
  try {
    const asked = readCommandLine(process.argv.slice(2), process.env);
    return 'exit' in asked ? asked.exit : await run(asked);
  } catch (error) {
    if (error instanceof DolphinError) return printError(error, json);
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return 70;
  }
}

/** Each verb is imported when it is asked for: `status` must not pay for what `apply` needs. */
async function run(asked: Asked): Promise<number> {
  const api = new MasterApi(asked.api, asked.tokenFile === undefined ? null : readToken(asked.tokenFile));
  switch (asked.verb) {
    case 'status':
      return (await import('./verbs/status.js')).status(api, asked);
    case 'edges':
      return (await import('./verbs/lists.js')).edges(api, asked);
    case 'hosts':
      return (await import('./verbs/lists.js')).hosts(api, asked);
    case 'events':
      return (await import('./verbs/events.js')).events(api, asked);
    case 'sessions':
      return (await import('./verbs/sessions.js')).sessions(api, asked);
    case 'apply':
      return (await import('./verbs/apply.js')).apply(api, asked);
    case 'later':
      throw new DolphinError('E_NOT_YET', { what: asked.name });
    default:
      return never(asked);
  }
}

function never(asked: never): never {
  throw new TypeError(`no such verb: ${JSON.stringify(asked)}`);
}
