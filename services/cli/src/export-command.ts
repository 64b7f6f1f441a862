import type { Command } from 'commander';

export interface ExportAsked {
  readonly verb: 'export';
  readonly to: string;
}

export function addExportVerb(verb: Command, take: (asked: ExportAsked, json: boolean | undefined) => void): void {
  verb
    .requiredOption('--to <file>', 'where it is put when it is whole')
    .action((o: { json?: boolean; to: string }) => take({ verb: 'export', to: o.to }, o.json));
}
