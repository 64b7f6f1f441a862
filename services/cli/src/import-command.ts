import type { Command } from 'commander';

export interface ImportAsked {
  readonly verb: 'import';
  readonly from: string;
}

export function addImportVerb(verb: Command, take: (asked: ImportAsked, json: boolean | undefined) => void): void {
  verb
    .requiredOption('--from <file>', 'what export wrote')
    .action((o: { json?: boolean; from: string }) => take({ verb: 'import', from: o.from }, o.json));
}
