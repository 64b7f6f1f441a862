import type { EventRow } from '@dolphin/protocol';
import { eventLines } from '../domain/event-line.js';
import { lineOptions } from './event-line-options.js';
import { printJson, printLines } from './output.js';

/** Causes are looked for among so many entries before; an older one shows as the beginning of its id. */
const MAX_CAUSES = 1_000;

/** Entries that are shown as they come: each names its cause among those before, and a day begins once. */
export class ShownEvents {
  readonly #json: boolean;
  #day = '';
  #causes: EventRow[] = [];

  constructor(json: boolean) {
    this.#json = json;
  }

  print(rows: readonly EventRow[]): void {
    if (this.#json) {
      for (const event of rows) printJson({ schema: 'dolphin.event/1', event }, false);
      return;
    }
    this.#causes = [...this.#causes, ...rows].slice(-MAX_CAUSES);
    const lines = eventLines(rows, { ...lineOptions(), after: { day: this.#day, causes: this.#causes } });
    printLines(lines);
    this.#day = lines.findLast((line) => line.startsWith('-- '))?.slice(3) ?? this.#day;
  }

  /** What follows is another log's. */
  forget(): void {
    this.#causes = [];
  }
}
