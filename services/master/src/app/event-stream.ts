import type { FollowItem, LogStore } from '@dolphin/eventlog';
import { DolphinError } from '@dolphin/protocol';
import type { Clock } from '@dolphin/runtime';
import { EVENT_STREAM_HEARTBEAT_MS, MAX_EVENT_STREAMS } from './bounds.js';
import { rowsOf } from './event-pages.js';

/** After this a browser's EventSource connects again; it brings the last id that it has. */
const RETRY_MS = 1_000;

/**
 * The log from a sequence on for ever, as server-sent events, for a few readers at a time. Each has a reader of the log to itself,
 * which is asked for the next message when the one before is written: a slow one is slow alone.
 */
export class EventStreams {
  readonly #clock: Pick<Clock, 'sleep'>;
  #open = 0;

  constructor(clock: Pick<Clock, 'sleep'>) {
    this.#clock = clock;
  }

  /** Texts to be written one after the other, until `signal` aborts. Throws E_LIMITED at once when others follow. */
  open(log: Pick<LogStore, 'follow'>, after: number, signal: AbortSignal): AsyncIterable<string> {
    if (this.#open >= MAX_EVENT_STREAMS) throw new DolphinError('E_LIMITED', { what: 'readers that follow events' });
    this.#open++;
    signal.addEventListener('abort', () => this.#open--, { once: true });
    return this.#texts(log, after, signal);
  }

  async *#texts(log: Pick<LogStore, 'follow'>, after: number, signal: AbortSignal): AsyncGenerator<string> {
    // The answer's head goes out with the first bytes: a reader must not wait for an event to know that it follows.
    yield `retry: ${RETRY_MS}\n\n`;
    const items = log.follow({ after, signal })[Symbol.asyncIterator]();
    let next = items.next();
    while (!signal.aborted) {
      const awake = new AbortController();
      const silence = this.#clock.sleep(EVENT_STREAM_HEARTBEAT_MS, awake.signal).then(() => null);
      const item = await Promise.race([next, silence]);
      awake.abort();
      if (item === null) {
        yield ': nothing new\n\n';
        continue;
      }
      if (item.done) return;
      yield textOf(item.value);
      next = items.next();
    }
  }
}

/**
 * The rows of one message of the log together; the last has its sequence as the id: whoever was cut off between gets all of them
 * again. What cannot be decoded, and that the log was replaced, are events of their own names; after the second a reader begins
 * from the start.
 */
function textOf(item: FollowItem): string {
  switch (item.type) {
    case 'stored': {
      const rows = rowsOf(item).map((row) => `data: ${JSON.stringify(row)}\n`);
      return `${rows
        .slice(0, -1)
        .map((row) => `${row}\n`)
        .join('')}id: ${item.sequence}\n${rows.at(-1) ?? ''}\n`;
    }
    case 'undecodable': {
      const { sequence, at, subject, why } = item;
      return `event: undecodable\nid: ${sequence}\ndata: ${JSON.stringify({ sequence, at, subject, why })}\n\n`;
    }
    case 'stray':
      return ': passed over\n\n';
    case 'rewound':
      return `event: rewound\nid: 0\ndata: ${JSON.stringify({ why: item.why })}\n\n`;
    default:
      return item satisfies never;
  }
}
