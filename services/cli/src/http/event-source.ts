import { type IncomingMessage, request } from 'node:http';
import { EventRow } from '@dolphin/protocol';
import { DolphinError } from '@dolphin/protocol/plain.js';
import { z } from 'zod';
import { type SseEvent, SseReader } from '../domain/sse-reader.js';

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
 * this master does not follow, and with `refused` what it says instead.
 */
export async function* followMaster(
  address: string,
  o: {
    readonly after: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly refused: (status: number, text: string) => DolphinError;
  },
): AsyncGenerator<Followed> {
  const broken = (why: string, cause?: unknown) =>
    new DolphinError('E_UNREACHABLE', { what: 'the master', address, why }, { cause });
  let response: IncomingMessage | null = null;
  try {
    response = await opened(`${address}/api/v1/events?after=${o.after}`, {
      ...{ ...o.headers, accept: 'text/event-stream', 'last-event-id': String(o.after) },
    });
    response.setEncoding('utf8');
    if (response.statusCode !== 200) throw o.refused(response.statusCode ?? 0, await textOf(response));
    if (!response.headers['content-type']?.includes('text/event-stream')) {
      throw new DolphinError('E_UNSUPPORTED', { what: 'a stream of events', why: `${address} gives pages only` });
    }
    yield { type: 'open' };
    yield* messagesOf(response);
    throw broken('it ended the stream of events');
  } catch (error) {
    throw error instanceof DolphinError ? error : broken(error instanceof Error ? error.message : String(error), error);
  } finally {
    response?.destroy();
  }
}

async function* messagesOf(texts: AsyncIterable<string>): AsyncGenerator<Followed> {
  const reader = new SseReader();
  let rows: EventRow[] = [];
  for await (const text of texts) {
    for (const event of reader.feed(text)) {
      const followed = readEvent(event);
      if (!('id' in followed)) {
        yield followed;
        continue;
      }
      rows.push(followed);
      if (rows.length > MAX_ROWS) throw new Error(`more than ${MAX_ROWS} entries in one message`);
      // Its last row alone has one.
      if (event.id === null) continue;
      yield { type: 'message', sequence: Id.parse(event.id), rows };
      rows = [];
    }
  }
}

/** Throws what it is not. */
function readEvent({ event, data }: SseEvent): EventRow | Exclude<Followed, { type: 'open' | 'message' }> {
  const json: unknown = JSON.parse(data);
  switch (event) {
    case 'undecodable':
      return { type: 'undecodable', ...Undecodable.parse(json) };
    case 'rewound':
      return { type: 'rewound', ...Rewound.parse(json) };
    default:
      return EventRow.parse(json);
  }
}

function opened(url: string, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, headers }, resolve);
    sent.setTimeout(SILENCE_MS, () => sent.destroy(new Error(`nothing for ${SILENCE_MS} ms`)));
    sent.on('error', reject);
    sent.end();
  });
}

/** Of an error; a larger one is none. */
const MAX_ERROR_CHARS = 64 * 1024;

async function textOf(texts: AsyncIterable<string>): Promise<string> {
  let all = '';
  for await (const text of texts) {
    all += text;
    if (all.length > MAX_ERROR_CHARS) break;
  }
  return all;
}
