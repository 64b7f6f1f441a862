import { type Command, Option } from 'commander';
import { SOURCES, type SourceChoice } from './domain/source-order.js';

export interface StatusAsked {
  readonly verb: 'status';
  readonly watch: boolean;
  readonly source: SourceChoice;
}

export function addStatusVerb(verb: Command, take: (asked: StatusAsked, json: boolean | undefined) => void): void {
  verb
    .option('--watch', 'again and again, until Ctrl-C')
    .addOption(
      new Option('--source <who>', 'who is asked; auto: the first of the others that answers')
        .choices(SOURCES)
        .default('auto' satisfies SourceChoice),
    )
    .action((o: { json?: boolean; watch?: boolean; source: SourceChoice }) => {
      take({ verb: 'status', watch: o.watch ?? false, source: o.source }, o.json);
    });
}
