import type { Command } from 'commander';
import { LATER_VERBS } from './verbs/not-yet.js';

export interface LaterAsked {
  readonly verb: 'later';
  readonly name: string;
}

/** Whatever comes after such a verb, it is told that it is not there yet. */
export function addLaterVerbs(program: Command, take: (asked: LaterAsked, json: boolean | undefined) => void): void {
  for (const name of LATER_VERBS) {
    program
      .command(name, { hidden: true })
      .argument('[words...]')
      .allowUnknownOption()
      .helpOption(false)
      .action((words: readonly string[]) => take({ verb: 'later', name }, words.includes('--json')));
  }
}
