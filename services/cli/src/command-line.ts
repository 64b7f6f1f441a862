import { DolphinError, GLOBAL_API_PORT } from '@dolphin/protocol';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { addSessionsVerb, type SessionsAsked } from './sessions-command.js';
import { LATER_VERBS } from './verbs/not-yet.js';
import { wholeNumber } from './whole-number.js';

/** What was asked, as a value; the verbs are imported only when they run. */
export type Asked = { readonly api: string; readonly json: boolean } & (
  | { readonly verb: 'status'; readonly watch: boolean }
  | { readonly verb: 'edges' | 'hosts' }
  | { readonly verb: 'events'; readonly after: number | undefined; readonly limit: number }
  | SessionsAsked
  | {
      readonly verb: 'apply';
      readonly file: string;
      readonly why: string | undefined;
      readonly ifMatch: number | undefined;
    }
  | { readonly verb: 'later'; readonly name: string }
);

export const DEFAULT_EVENTS = 200;
const MAX_EVENTS = 100_000;
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
    .exitOverride()
    .showHelpAfterError()
    .helpCommand(false)
    .configureOutput({ outputError: (text, write) => write(`dolphin-cli: ${text}`) });
  const base = (json: boolean | undefined) => {
    const { api } = program.opts<{ api: string }>();
    // A default passes no parser, and what an action throws is not printed.
    if (!isHttpUrl(api)) program.error(`error: DOLPHIN_API '${api}' is invalid. ${URL_WISH}`);
    return { api, json: json ?? false };
  };
  const verb = (name: string, what: string) =>
    program.command(name).description(what).option('--json', 'data instead of tables, as documented');

  verb('status', 'hosts, edges and streams, summed up from every edge; exit code 0, 1, 2, 3')
    .option('--watch', 'again and again, until Ctrl-C')
    .addOption(later('--source <name>'))
    .action((o: { json?: boolean; watch?: boolean; source?: string }) => {
      refuseLater(o.source, '--source');
      take({ ...base(o.json), verb: 'status', watch: o.watch ?? false });
    });
  verb('edges', 'every edge with its process and ports').action((o: { json?: boolean }) => {
    take({ ...base(o.json), verb: 'edges' });
  });
  verb('hosts', 'every host').action((o: { json?: boolean }) => {
    take({ ...base(o.json), verb: 'hosts' });
  });
  verb('events', 'what was asked, decided and happened')
    .option(
      '--after <sequence>',
      'only what is newer than this, oldest first',
      wholeNumber({ max: Number.MAX_SAFE_INTEGER }),
    )
    .option(
      '--limit <n>',
      'so many entries; with --after up to the end of a message',
      wholeNumber({ min: 1, max: MAX_EVENTS }),
      DEFAULT_EVENTS,
    )
    .addOption(later('--follow'))
    .action((o: { json?: boolean; after?: number; limit: number; follow?: boolean }) => {
      refuseLater(o.follow, '--follow');
      take({ ...base(o.json), verb: 'events', after: o.after, limit: o.limit });
    });
  addSessionsVerb(verb('sessions', 'how sessions ended, on all hosts'), (o, json) => take({ ...base(json), ...o }));
  verb('apply', 'make the farm what a file says')
    .requiredOption('-f, --file <file>', 'a farm specification, as conf/farm.yaml')
    .option('--why <text>', 'stands in the log')
    .option(
      '--if-match <version>',
      'only if the farm is at this spec version',
      wholeNumber({ max: Number.MAX_SAFE_INTEGER }),
    )
    .addOption(later('--dry-run'))
    .addOption(later('--wait'))
    .action((o: { json?: boolean; file: string; why?: string; ifMatch?: number; dryRun?: boolean; wait?: boolean }) => {
      refuseLater(o.dryRun, '--dry-run');
      refuseLater(o.wait, '--wait');
      take({ ...base(o.json), verb: 'apply', file: o.file, why: o.why, ifMatch: o.ifMatch });
    });
  for (const name of LATER_VERBS) {
    program
      .command(name, { hidden: true })
      .argument('[words...]')
      .allowUnknownOption()
      .helpOption(false)
      .action((words: readonly string[]) => take({ ...base(words.includes('--json')), verb: 'later', name }));
  }
  return program;
}

function later(flags: string): Option {
  return new Option(flags).hideHelp();
}

function refuseLater(value: unknown, what: string): void {
  if (value !== undefined) throw new DolphinError('E_NOT_YET', { what });
}

const URL_WISH = 'It wants http://ADDRESS:PORT.';

function httpUrl(text: string): string {
  if (!isHttpUrl(text)) throw new InvalidArgumentError(URL_WISH);
  return text;
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && text.startsWith('http://');
}
