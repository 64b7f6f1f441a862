import type { Command } from 'commander';

export interface ListAsked {
  readonly verb: 'edges' | 'hosts' | 'streams';
}

export function addListVerb(
  verb: Command,
  name: ListAsked['verb'],
  take: (asked: ListAsked, json: boolean | undefined) => void,
): void {
  verb.action((o: { json?: boolean }) => take({ verb: name }, o.json));
}
