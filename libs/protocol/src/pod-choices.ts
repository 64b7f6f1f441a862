import { z } from 'zod';
import { ClientProtocol } from './hand-off.js';

/** An edge as it was when a client was to be placed. */
export const ChoiceCandidate = z.object({
  edge: z.string(),
  clients: z.int().min(0),
  weight: z.number(),
  /** The part of its weight that it had by then; below 1 while it was young. */
  slowStartShare: z.number(),
  /** What it would have borne with this client: the lower the better. */
  load: z.number(),
  verdict: z.enum(['open', 'not-ready', 'busy', 'full', 'ejected']),
  /** By stream only: its place in the stream's order, from 0, and how many clients it might have. */
  streamOrder: z.int().min(0).optional(),
  bound: z.int().optional(),
});
export type ChoiceCandidate = z.infer<typeof ChoiceCandidate>;

/** Why an edge got a client, or none did. A client that waited, or whose edge did not take it, has several. */
export const EdgeChoice = z.object({
  /** Counts the choices of this pod's life, from 1. */
  n: z.int().min(1),
  at: z.iso.datetime(),
  client: z.int(),
  protocol: ClientProtocol,
  stream: z.string().nullable(),
  /** The edges in the order in which they were to be tried; empty: none. */
  order: z.array(z.string()),
  rule: z.enum([
    'only-edge',
    'fewest-clients',
    'stream-home',
    'stream-widened',
    'last-resort',
    'no-edge',
    'no-ready-edge',
    'edges-busy',
    'edges-full',
  ]),
  /** Where the client is now; null: it waits, or has left. A relay may have had to try the next edge. */
  edge: z.string().nullable(),
  candidates: z.array(ChoiceCandidate),
});
export type EdgeChoice = z.infer<typeof EdgeChoice>;

/** Answer of `GET /v1/choices?last=N&client=ID`, newest first. */
export const ChoicesPage = z.object({ choices: z.array(EdgeChoice) });
export type ChoicesPage = z.infer<typeof ChoicesPage>;
