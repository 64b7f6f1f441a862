import { z } from 'zod';
import { ClientEnd, ClientProtocol, StreamUse } from './hand-off.js';
import { MAX_STREAM_CHARS } from './hand-off-bounds.js';
import { MAX_NAME_CHARS } from './limits.js';

/** Sessions in one answer; each asks its edge for two numbers. */
export const MAX_SESSION_PAGE = 1000;

/** How a session ended: what its process said, or what the pod saw. `relay-died`: the process that carried it. */
export const SessionEnd = z.enum([...ClientEnd.options, 'edge-died', 'relay-died', 'hand-off-lost', 'pod-stopped']);
export type SessionEnd = z.infer<typeof SessionEnd>;

const bytes = z.number().min(0).nullable();

/** A client's connection, from accept to its end. */
export const Session = z.object({
  /** Unique over all lives of the pod. */
  id: z.string().max(MAX_NAME_CHARS),
  protocol: ClientProtocol,
  /** The accepted socket's, or what a front that the pod is configured to believe says; IPv4 as such. */
  address: z.string().max(MAX_NAME_CHARS),
  /** The name of the edge (EdgeStatus.name) that has it, or is to get it; null: it waits for one. */
  edge: z.string().max(MAX_NAME_CHARS).nullable(),
  /** The relay process that carries it; null: handed off. */
  via: z.string().max(MAX_NAME_CHARS).nullable(),
  /** As SRS's API names it, `vhost/app/stream` and `/app/stream` of the default vhost; null: not known, as of relayed RTMP. */
  stream: z.string().max(MAX_STREAM_CHARS).nullable(),
  use: StreamUse.nullable(),
  acceptedAt: z.iso.datetime(),
  /** Of its connection so far; null: its process did not say. */
  sentBytes: bytes,
  receivedBytes: bytes,
});
export type Session = z.infer<typeof Session>;

/** `total`: as many as the filters mean; `sessions` are the first of them, by age. */
export const SessionPage = z.object({ total: z.int().min(0), sessions: z.array(Session) });
export type SessionPage = z.infer<typeof SessionPage>;

/** Numbered from 1 without gaps over all lives of the pod. */
export const EndedSession = Session.extend({
  n: z.int().min(1),
  endedAt: z.iso.datetime(),
  end: SessionEnd,
});
export type EndedSession = z.infer<typeof EndedSession>;

/** `oldest` is the first number still held: a reader further behind has lost some. */
export const EndedSessionPage = z.object({
  oldest: z.int().min(1),
  newest: z.int().min(0),
  sessions: z.array(EndedSession),
});
export type EndedSessionPage = z.infer<typeof EndedSessionPage>;
