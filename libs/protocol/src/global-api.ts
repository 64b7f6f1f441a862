import { z } from 'zod';
import { FarmSpec } from './farm-spec.js';
import { FarmId } from './ids.js';
import { EdgeView, HostView } from './telemetry.js';

/**
 * The master's HTTP API, port 33330.
 *
 *   GET  /api/v1/farm            → FarmView (telemetry.ts)
 *   GET  /api/v1/hosts           → HostList
 *   GET  /api/v1/edges           → EdgeList (with private API addresses)
 *   GET  /api/v1/events?after=SEQ&limit=N → EventPage
 *        with Accept: text/event-stream: an EventRow each, for ever, after ?after= or Last-Event-ID; the last row of a message of
 *        the log has its sequence as the id. Other events: `undecodable` { sequence, at, subject, why }, and `rewound` { why }:
 *        the log was replaced, and a reader begins from the start
 *   GET  /api/v1/sessions?host=&edge=&stream=&address=&protocol=&limit=N → LiveSessionsAnswer (live-sessions.ts)
 *   DELETE /api/v1/sessions/{id}?host=   OperatorRequest → KickAnswer: that client is being closed
 *   GET  /api/v1/sessions/ended?host=&edge=&stream=&address=&end=&since=TIME&before=SEQ&limit=N → EndedSessionsAnswer
 *                                                                   (session-history.ts)
 *   GET  /api/v1/export          → the log as lines of JSON (log-export.ts)
 *   POST /api/v1/init            InitRequest → InitAnswer: creates the log and writes farm-created, once; with adoptRunning also
 *                                in place of a log that is lost
 *   POST /api/v1/apply           ApplyRequest, If-Match: "<spec version>" → ApplyAnswer; ?dryRun=1 → PlanAnswer, as of /plan
 *                                                                   (operator-api.ts: the calls that steer a farm)
 *   GET  /healthz  /readyz       → { ok }
 *   GET  /metrics                → text, for Prometheus (docs/reference/metrics.md)
 *
 * Errors: ErrorAnswer, with the HTTP status of the error table.
 */
export const HostList = z.object({ hosts: z.array(HostView) });
export const EdgeList = z.object({ edges: z.array(EdgeView) });

/**
 * `adoptRunning`: a new log in place of one that is lost, under the farm's id, for edges that run: they are adopted as their hosts
 * report them. `farmId`: for a master that does not know it any more; each host has it in its own files.
 */
export const InitRequest = z.strictObject({
  who: z.string().max(256).default('unknown'),
  adoptRunning: z.boolean().optional(),
  farmId: FarmId.optional(),
});
export type InitRequest = z.infer<typeof InitRequest>;
export const InitAnswer = z.object({ farm: z.string(), farmId: z.uuid() });
export type InitAnswer = z.infer<typeof InitAnswer>;

export const ApplyRequest = z.strictObject({
  spec: FarmSpec,
  who: z.string().max(256).default('unknown'),
  why: z.string().max(1024).optional(),
});
export type ApplyRequest = z.infer<typeof ApplyRequest>;

/** `changed: false`: the farm has this very spec already, and nothing was written. */
export const ApplyAnswer = z.object({ changed: z.boolean(), specVersion: z.int(), sequence: z.int() });
export type ApplyAnswer = z.infer<typeof ApplyAnswer>;

/** One log entry as a person or a script reads it. `data` holds the entry's own fields. */
export const EventRow = z.object({
  sequence: z.int(),
  index: z.int(),
  /** The server's stored time. */
  at: z.iso.datetime(),
  kind: z.enum(['operator', 'decision', 'fact']),
  by: z.string(),
  type: z.string(),
  id: z.string(),
  causationId: z.string().optional(),
  correlationId: z.string().optional(),
  data: z.record(z.string(), z.unknown()),
});
export type EventRow = z.infer<typeof EventRow>;
/** `upTo`: the page covers the log up to here, also what cannot be decoded; the next one begins after it. */
export const EventPage = z.object({ lastSequence: z.int(), upTo: z.int(), events: z.array(EventRow) });
export type EventPage = z.infer<typeof EventPage>;

export const ErrorAnswer = z.object({
  error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }),
});
export type ErrorAnswer = z.infer<typeof ErrorAnswer>;
