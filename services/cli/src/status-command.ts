import type { Command } from 'commander';
import { laterOption, refuseLater } from './later-option.js';

export interface StatusAsked {
  readonly verb: 'status';
  readonly watch: boolean;
}

export function addStatusVerb(verb: Command, take: (asked: StatusAsked, json: boolean | undefined) => void): void {
  verb
    .option('--watch', 'again and again, until Ctrl-C')
    .addOption(laterOption('--source <name>'))
    .action((o: { json?: boolean; watch?: boolean; source?: string }) => {
      refuseLater(o.source, '--source');
      take({ verb: 'status', watch: o.watch ?? false }, o.json);
    });
}
