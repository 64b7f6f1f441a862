import { type IncomingMessage, request } from 'node:http';
import { EventRow } from '@dolphin/protocol';
import { DolphinError } from '@dolphin/protocol/plain.js';
import { z } from 'zod';
import { type SseEvent, SseReader } from '../domain/sse-reader.js';
import { firstIssue } from './read-with.js';
import { refusalOf } from './refusal.js';

/** A master says every five seconds at least that it is there. */
const SILENCE_MS = 15_000;
/** Entries of one message of the log. */
const MAX_ROWS = 1_024;

/** What a master tells that is followed. `open`: it does. `rewound`: the log was replaced, and begins anew. */
export type Followed =
  | { readonly type: 'open' }
  | { readonly type: 'message'; readonly sequence: number; readonly rows: readonly EventRow[] }
  | { readonly type: 'undecodable'; readonly sequence: number; readonly why: string }
  | { readonly type: 'rewound'; readonly why: string };

const Undecodable = z.object({ sequence: z.int().min(0), why: z.string() });
const Rewound = z.object({ why: z.string() });
const Id = z.coerce.number().int().min(0);

/**
 * The log after a sequence, whole messages, for ever. Throws E_UNREACHABLE when it breaks off or is silent, E_UNSUPPORTED when
 * this master does not follow, or not in words of this version, and what a master says that refuses.
 */
export async function* followMaster(
  address: string,
  o: {
    readonly after: number;
    readonly headers: Readonly<Record<string, string>>;
  },
): AsyncGenerator<Followed> {
  const broken = (why: string, cause?: unknown) =>
    new DolphinError('E_UNREACHABLE', { what: 'the master', address, why }, { cause });
  let response: IncomingMessage | null = null;
  try {
    response = await opened(`${address}/api/v1/events?after=${o.after}`, {
      ...{ ...o.headers, accept: 'text/event-stream', 'last-event-id': String(o.after) },
    });
    if (response.statusCode !== 200) throw await refusalOf(response, address);
    if (!response.headers['content-type']?.includes('text/event-stream')) {
      throw new DolphinError('E_UNSUPPORTED', { what: 'a stream of events', why: `${address} gives pages only` });
    }
    yield { type: 'open' };
    yield* messagesOf(response.setEncoding('utf8'), address);
    throw broken('it ended the stream of events');
  } catch (error) {
    throw error instanceof DolphinError ? error : broken(error instanceof Error ? error.message : String(error), error);
  } finally {
    response?.destroy();
  }
}

async function* messagesOf(texts: AsyncIterable<string>, address: string): AsyncGenerator<Followed> {
  const reader = new SseReader();
  let rows: EventRow[] = [];
  for await (const text of texts) {
    for (const event of reader.feed(text)) {
      const followed = readEvent(event);
      if (typeof followed === 'string') throw unreadable(address, followed);
      if (!('id' in followed)) {
        yield followed;
        continue;
      }
      rows.push(followed);
      if (rows.length > MAX_ROWS) throw new Error(`more than ${MAX_ROWS} entries in one message`);
      // Its last row alone has one.
      if (event.id === null) continue;
      const sequence = Id.safeParse(event.id);
      if (!sequence.success) throw unreadable(address, 'the id of a message is no sequence');
      yield { type: 'message', sequence: sequence.data, rows };
      rows = [];
    }
  }
}

/** A text: what it is not. */
function readEvent({ event, data }: SseEvent): EventRow | Exclude<Followed, { type: 'open' | 'message' }> | string {
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    return 'an event is no JSON';
  }
  switch (event) {
    case 'undecodable':
      return read(Undecodable, json, (value) => ({ type: 'undecodable', ...value }));
    case 'rewound':
      return read(Rewound, json, (value) => ({ type: 'rewound', ...value }));
    default:
      return read(EventRow, json, (value) => value);
  }
}

function read<T, F>(schema: z.ZodType<T>, json: unknown, use: (value: T) => F): F | string {
  const parsed = schema.safeParse(json);
  return parsed.success ? use(parsed.data) : firstIssue(parsed.error);
}

/** It would send the same again: not to be asked for. */
function unreadable(address: string, why: string): DolphinError {
  return new DolphinError('E_UNSUPPORTED', { what: `the stream of events of ${address}`, why });
}

function opened(url: string, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, headers }, resolve);
    sent.setTimeout(SILENCE_MS, () => sent.destroy(new Error(`nothing for ${SILENCE_MS} ms`)));
    sent.on('error', reject);
    sent.end();
  });
}
