import { type Command, InvalidArgumentError } from 'commander';
import { edgeKeyOf } from './domain/edge-key.js';

export interface WhyAsked {
  readonly verb: 'why';
  /** Of an edge without a host it is to be found out which one is meant. */
  readonly about: { readonly sequence: number } | { readonly host: string | null; readonly edge: string };
}

export function addWhyVerb(verb: Command, take: (asked: WhyAsked, json: boolean | undefined) => void): void {
  verb
    .argument('<what>', "a sequence of the log, an edge's name, or a host's in front of one of its edges")
    .argument('[edge]', 'as stream-0', edgeName)
    .action((what: string, edge: string | undefined, o: { json?: boolean }, command: Command) => {
      const [, sequence] = /^#?(\d{1,15})$/.exec(what) ?? [];
      if (edge !== undefined) take({ verb: 'why', about: { host: what, edge } }, o.json);
      else if (sequence !== undefined) take({ verb: 'why', about: { sequence: Number(sequence) } }, o.json);
      else if (edgeKeyOf(what) !== null) take({ verb: 'why', about: { host: null, edge: what } }, o.json);
      else command.error(`error: '${what}' is neither a sequence nor an edge, as stream-0`);
    });
}

function edgeName(text: string): string {
  if (edgeKeyOf(text) === null) throw new InvalidArgumentError('It wants the name of an edge, as stream-0.');
  return text;
}
