import type { Command } from 'commander';

export interface PlanAsked {
  readonly verb: 'plan';
  readonly file: string;
}

export function addPlanVerb(verb: Command, take: (asked: PlanAsked, json: boolean | undefined) => void): void {
  verb
    .requiredOption('-f, --file <file>', 'a farm specification, as conf/farm.yaml')
    .action((o: { json?: boolean; file: string }) => take({ verb: 'plan', file: o.file }, o.json));
}
