import type { Command } from 'commander';
import { farmId } from './names.js';

export interface InitAsked {
  readonly verb: 'init';
  readonly adoptRunning: boolean;
  readonly farmId: string | undefined;
}

export function addInitVerb(verb: Command, take: (asked: InitAsked, json: boolean | undefined) => void): void {
  verb
    .option('--adopt-running', 'in place of a log that is lost: edges that run stay, as their hosts report them')
    .option('--farm-id <uuid>', 'of the farm that it was, for a master that does not know', farmId)
    .action((o: { json?: boolean; adoptRunning?: boolean; farmId?: string }) => {
      take({ verb: 'init', adoptRunning: o.adoptRunning ?? false, farmId: o.farmId }, o.json);
    });
}
