import type { LogStore } from '@dolphin/eventlog';
import { DolphinError, type EventPage, type EventRow, type LogEnvelope } from '@dolphin/protocol';
import { API_DEADLINE_MS } from './bounds.js';
import { withDeadline } from './deadline.js';

/** Entries after a sequence, as people read them. Envelopes come whole; what cannot be decoded is left out. */
export function eventPage(log: LogStore, after: number, limit: number): Promise<EventPage> {
  const late = () => new DolphinError('E_BUS_UNAVAILABLE', { why: `no answer within ${API_DEADLINE_MS} ms` });
  return withDeadline(readPage(log, after, limit), API_DEADLINE_MS, late);
}

async function readPage(log: LogStore, after: number, limit: number): Promise<EventPage> {
  const info = await log.info();
  if (!info) throw new DolphinError('E_NO_FARM');
  const { lastSequence } = info;
  const events: EventRow[] = [];
  if (after >= lastSequence) return { lastSequence, upTo: after, events };
  for await (const item of log.read({ after, until: lastSequence })) {
    if (item.type !== 'stored') continue;
    events.push(...rowsOf(item));
    if (events.length >= limit) return { lastSequence, upTo: item.sequence, events };
  }
  return { lastSequence, upTo: lastSequence, events };
}

export function rowsOf(stored: { sequence: number; at: string; envelope: LogEnvelope }): EventRow[] {
  const { sequence, at, envelope } = stored;
  return envelope.entries.map((entry, index) => {
    const { type, id, causationId, correlationId, ...data } = entry;
    return {
      sequence,
      index,
      at,
      kind: KINDS[envelope.kind],
      by: envelope.kind === 'facts' ? envelope.host : envelope.master,
      type,
      id,
      ...(causationId !== undefined && { causationId }),
      ...(correlationId !== undefined && { correlationId }),
      data,
    };
  });
}

const KINDS = { operator: 'operator', decisions: 'decision', facts: 'fact' } as const;
