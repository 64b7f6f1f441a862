import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type ApplyAsked, addApplyVerb } from './apply-command.js';
import { addClientsVerb, addKickVerb, type ClientsAsked, type KickAsked } from './clients-commands.js';
import { addDoctorVerb, type DoctorAsked } from './doctor-command.js';
import { API_WISH, apiList } from './domain/api-list.js';
import { addEventsVerb, type EventsAsked } from './events-command.js';
import { addExportVerb, type ExportAsked } from './export-command.js';
import type { FarmSaid } from './files/find-farm.js';
import { addHistoryVerb, addRollbackVerb, type HistoryAsked, type RollbackAsked } from './history-commands.js';
import { addImportVerb, type ImportAsked } from './import-command.js';
import { addInitVerb, type InitAsked } from './init-command.js';
import { addListVerb, type ListAsked } from './list-commands.js';
import { farmName } from './names.js';
import { addPlanVerb, type PlanAsked } from './plan-command.js';
import { addScaleVerb, type ScaleAsked } from './scale-command.js';
import { addSessionsVerb, type SessionsAsked } from './sessions-command.js';
import { addStatusVerb, type StatusAsked } from './status-command.js';
import { addSteerVerbs, type SteerAsked } from './steer-commands.js';
import { addWaitVerb, type WaitAsked } from './wait-command.js';
import { addWhyVerb, type WhyAsked } from './why-command.js';

type VerbAsked =
  | (StatusAsked | ListAsked | EventsAsked | SessionsAsked | WaitAsked)
  | (PlanAsked | ApplyAsked | ScaleAsked | HistoryAsked | RollbackAsked | SteerAsked)
  | (ClientsAsked | KickAsked | WhyAsked | DoctorAsked | InitAsked | ExportAsked | ImportAsked);
/** What was asked, as a value; the verbs are imported only when they run. */
export type Asked = {
  readonly json: boolean;
} & FarmSaid &
  VerbAsked;

const USAGE_EXIT = 64;

/** The command line as a value, or the exit code when help or usage was printed. */
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
      new Option(
        '--api <urls>',
        'the global API of a master; of several, with commas, the first that answers',
      ).argParser(checkedApi),
    )
    .option('--dir <dir>', 'the directory of an up, which says where its farm is')
    .addOption(
      new Option('--token-file <file>', 'a file with the token for it').default(env['DOLPHIN_TOKEN_FILE'] || undefined),
    )
    .option('--nats <urls>', 'NATS of a farm, for when none of its masters answers')
    .option('--farm <name>', 'the farm on that NATS (default: main)', farmName)
    .option('--credentials <file>', 'a file that says who this is on NATS')
    .exitOverride()
    .showHelpAfterError()
    .helpCommand(false)
    .configureOutput({ outputError: (text, write) => write(`dolphin-cli: ${text}`) });
  const base = (json: boolean | undefined) => {
    const said = program.opts<Partial<Record<'api' | 'dir' | 'tokenFile' | 'nats' | 'farm' | 'credentials', string>>>();
    const { api = env['DOLPHIN_API'] || undefined, dir = env['DOLPHIN_DIR'] || null } = said;
    const { tokenFile = null, nats = null, farm = null, credentials = null } = said;
    // The variable passes no parser, and what an action throws is not printed.
    const apis =
      api === undefined ? null : (apiList(api) ?? program.error(`error: DOLPHIN_API '${api}' is invalid. ${API_WISH}`));
    return { apis, dir, tokenFile, nats, farm, credentials, json: json ?? false };
  };
  const verb = (name: string, what: string) =>
    program.command(name).description(what).option('--json', 'data instead of tables, as documented');

  const taken = (asked: VerbAsked, json: boolean | undefined) => take({ ...base(json), ...asked });

  addStatusVerb(verb('status', 'hosts, edges and streams, summed up from every edge; exit code 0, 1, 2, 3'), taken);
  addListVerb(verb('edges', 'every edge with its process and ports'), 'edges', taken);
  addListVerb(verb('hosts', 'every host'), 'hosts', taken);
  addListVerb(verb('streams', 'every stream, summed up from every edge'), 'streams', taken);
  addEventsVerb(verb('events', 'what was asked, decided and happened'), taken);
  addWhyVerb(verb('why', 'what something in the log, or an edge, came from'), taken);
  addClientsVerb(verb('clients', 'who is there now, on all hosts'), taken);
  addSessionsVerb(verb('sessions', 'how sessions ended, on all hosts'), taken);
  addWaitVerb(verb('wait', 'until something is so'), taken);
  addPlanVerb(verb('plan', 'what an apply would do now'), taken);
  addApplyVerb(verb('apply', 'make the farm what a file says'), taken);
  addScaleVerb(verb('scale', 'another number of stream edges'), taken);
  addHistoryVerb(verb('history', 'every specification that was applied'), taken);
  addRollbackVerb(verb('rollback', 'a specification of before, applied anew'), taken);
  addSteerVerbs(verb, taken);
  addKickVerb(verb('kick', 'closes the connection of a client'), taken);
  addDoctorVerb(
    verb('doctor', 'what is wrong, as seen from this machine, and what mends it; exit code 0, 1, 2'),
    taken,
  );
  addInitVerb(verb('init', 'begins the log of a farm'), taken);
  addExportVerb(verb('export', 'the whole log into a file, with a checksum'), taken);
  addImportVerb(verb('import', 'an exported log into a NATS that has none of the farm'), taken);
  return program;
}

function checkedApi(text: string): string {
  if (apiList(text) === null) throw new InvalidArgumentError(API_WISH);
  return text;
}
