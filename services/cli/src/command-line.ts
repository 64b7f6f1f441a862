import { GLOBAL_API_PORT } from '@dolphin/protocol';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type ApplyAsked, addApplyVerb } from './apply-command.js';
import { addEventsVerb, type EventsAsked } from './events-command.js';
import { addLaterVerbs, type LaterAsked } from './later-commands.js';
import { addListVerb, type ListAsked } from './list-commands.js';
import { addSessionsVerb, type SessionsAsked } from './sessions-command.js';
import { addStatusVerb, type StatusAsked } from './status-command.js';

type VerbAsked = StatusAsked | ListAsked | EventsAsked | SessionsAsked | ApplyAsked | LaterAsked;
/** What was asked, as a value; the verbs are imported only when they run. */
export type Asked = { readonly api: string; readonly tokenFile?: string; readonly json: boolean } & VerbAsked;

const USAGE_EXIT = 64;

/** The command line as a value, or the exit code when help or usage was printed. Throws E_NOT_YET for later options. */
export function readCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv): Asked | { exit: number } {
  const asked: Asked[] = [];
  const program = programOf(env, (one) => asked.push(one));
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { exit: error.exitCode === 0 ? 0 : USAGE_EXIT };
  }
  return asked[0] ?? { exit: USAGE_EXIT };
}

function programOf(env: NodeJS.ProcessEnv, take: (asked: Asked) => void): Command {
  const program = new Command('dolphin-cli')
    .description('Shows and steers a farm.')
    .addOption(
      new Option('--api <url>', 'the global API of a master')
        .default(env['DOLPHIN_API'] || `http://127.0.0.1:${GLOBAL_API_PORT}`)
        .argParser(httpUrl),
    )
    .addOption(
      new Option('--token-file <file>', 'a file with the token for it').default(env['DOLPHIN_TOKEN_FILE'] || undefined),
    )
    .exitOverride()
    .showHelpAfterError()
    .helpCommand(false)
    .configureOutput({ outputError: (text, write) => write(`dolphin-cli: ${text}`) });
  const base = (json: boolean | undefined) => {
    const { api, tokenFile } = program.opts<{ api: string; tokenFile?: string }>();
    // A default passes no parser, and what an action throws is not printed.
    if (!isHttpUrl(api)) program.error(`error: DOLPHIN_API '${api}' is invalid. ${URL_WISH}`);
    return { api, ...(tokenFile !== undefined && { tokenFile }), json: json ?? false };
  };
  const verb = (name: string, what: string) =>
    program.command(name).description(what).option('--json', 'data instead of tables, as documented');

  const taken = (asked: VerbAsked, json: boolean | undefined) => take({ ...base(json), ...asked });

  addStatusVerb(verb('status', 'hosts, edges and streams, summed up from every edge; exit code 0, 1, 2, 3'), taken);
  addListVerb(verb('edges', 'every edge with its process and ports'), 'edges', taken);
  addListVerb(verb('hosts', 'every host'), 'hosts', taken);
  addEventsVerb(verb('events', 'what was asked, decided and happened'), taken);
  addSessionsVerb(verb('sessions', 'how sessions ended, on all hosts'), taken);
  addApplyVerb(verb('apply', 'make the farm what a file says'), taken);
  addLaterVerbs(program, taken);
  return program;
}

const URL_WISH = 'It wants http://ADDRESS:PORT.';

function httpUrl(text: string): string {
  if (!isHttpUrl(text)) throw new InvalidArgumentError(URL_WISH);
  return text;
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && text.startsWith('http://');
}
