import type { Command } from 'commander';
import { wholeNumber } from './whole-number.js';

export interface EventsAsked {
  readonly verb: 'events';
  readonly after: number | undefined;
  readonly limit: number;
  /** What comes is shown as it comes, until Ctrl-C. */
  readonly follow: boolean;
}

const DEFAULT_EVENTS = 200;
const MAX_EVENTS = 100_000;

export function addEventsVerb(verb: Command, take: (asked: EventsAsked, json: boolean | undefined) => void): void {
  verb
    .option(
      '--after <sequence>',
      'only what is newer than this, oldest first',
      wholeNumber({ max: Number.MAX_SAFE_INTEGER }),
    )
    .option(
      '--limit <n>',
      'so many entries; with --after up to the end of a message',
      wholeNumber({ min: 1, max: MAX_EVENTS }),
      DEFAULT_EVENTS,
    )
    .option('--follow', 'and what comes, as it comes, until Ctrl-C')
    .action((o: { json?: boolean; after?: number; limit: number; follow?: boolean }) => {
      take({ verb: 'events', after: o.after, limit: o.limit, follow: o.follow ?? false }, o.json);
    });
}
