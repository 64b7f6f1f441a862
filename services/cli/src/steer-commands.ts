import { type Command, InvalidArgumentError } from 'commander';
import type { EdgeCall, HostCall } from './http/master-api.js';
import { duration } from './time-options.js';

export interface SteerAsked {
  readonly verb: 'steer';
  readonly call: HostCall | EdgeCall | { readonly action: 'remove'; readonly host: string };
  readonly why: string | undefined;
  /** Undefined: the farm's own; of a drain or restart. */
  readonly deadlineMs: number | undefined;
  /** Until the drain of the host is over. */
  readonly monitor: boolean;
}

interface Options {
  readonly json?: boolean;
  readonly why?: string;
  readonly deadline?: number;
  readonly monitor?: boolean;
}

type Take = (asked: SteerAsked, json: boolean | undefined) => void;
type NewVerb = (name: string, what: string) => Command;

/** What is done to one host or one edge. */
export function addSteerVerbs(verb: NewVerb, take: Take): void {
  const asked = (call: SteerAsked['call'], o: Options) => {
    const { why, deadline: deadlineMs, monitor = false } = o;
    take({ verb: 'steer', call, why, deadlineMs, monitor }, o.json);
  };
  for (const [action, what] of [
    ['cordon', 'nothing new is placed on a host'],
    ['uncordon', 'a host takes new edges again'],
  ] as const) {
    const command = verb(action, what).argument('<host>', 'its id', name);
    command.option(...WHY).action((host: string, o: Options) => asked({ action, host }, o));
  }
  drainVerb(verb('drain', 'a host, or one edge of it, takes no new clients, and ends when the last one left'))
    .option('--monitor', 'of a host: until it is over, with what is left')
    .action((host: string, edge: string | undefined, o: Options, command: Command) => {
      if (edge !== undefined && o.monitor) command.error('error: --monitor is of a whole host');
      asked(edge === undefined ? { action: 'drain', host } : { action: 'drain', host, edge }, o);
    });
  verb('undrain', 'takes a drain back; what is gone by then comes anew')
    .argument('<host>', 'its id', name)
    .argument('[edge]', 'one of its edges, as stream-0', name)
    .option(...WHY)
    .action((host: string, edge: string | undefined, o: Options) => {
      asked(edge === undefined ? { action: 'undrain', host } : { action: 'undrain', host, edge }, o);
    });
  verb('restart', 'an edge anew: its process drains, then another takes its place')
    .argument('<host>', 'its id', name)
    .argument('<edge>', 'as stream-0', name)
    .option(...DEADLINE)
    .option(...WHY)
    .action((host: string, edge: string, o: Options) => asked({ action: 'restart', host, edge }, o));
  verb('kill', 'an edge at once, with its clients; another takes its place')
    .argument('<host>', 'its id', name)
    .argument('<edge>', 'as stream-0', name)
    .option(...WHY)
    .action((host: string, edge: string, o: Options) => asked({ action: 'kill', host, edge }, o));
  verb('host', 'host remove: forgets a host that is gone for good; its user on NATS stays')
    .argument('<remove>', 'what is done', (word: string) => {
      if (word !== 'remove') throw new InvalidArgumentError("It wants 'remove'.");
      return word;
    })
    .argument('<host>', 'its id', name)
    .option(...WHY)
    .action((_: string, host: string, o: Options) => asked({ action: 'remove', host }, o));
}

const WHY = ['--why <text>', 'stands in the log'] as const;
const DEADLINE = [
  '--deadline <time>',
  "when clients that are left are closed; the farm's own without",
  duration,
] as const;

function drainVerb(command: Command): Command {
  return command
    .argument('<host>', 'its id', name)
    .argument('[edge]', 'one of its edges, as stream-0', name)
    .option(...DEADLINE)
    .option(...WHY);
}

/** Host ids, and edge names as `stream-0`. */
function name(text: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(text)) throw new InvalidArgumentError('It wants a name: a-z, 0-9 and -.');
  return text;
}
