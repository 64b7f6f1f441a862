import { z } from 'zod';
import {
  ClientCounts,
  ClientProtocol,
  ClientsLeft,
  ClientsUse,
  CloseClients,
  CountBytes,
  ofClients,
  Take,
} from './hand-off.js';

/** The words between a pod and its relay processes, over Node's IPC. */

/** An edge that a client may be connected to. */
export const RelayTarget = z.object({
  edge: z.string(),
  host: z.string(),
  port: z.int(),
  /** It understands the RTMP proxy header (F3) and believes it from the relay. */
  proxyHeader: z.boolean().default(false),
});
export type RelayTarget = z.infer<typeof RelayTarget>;

/** The edges to try, in this order (the balancer's). */
const targets = z.array(RelayTarget).min(1).max(64);

/** The socket of a client that the pod accepted. */
export const RelayTake = Take.extend({ targets });
export type RelayTake = z.infer<typeof RelayTake>;

/** How a relay process is to accept for itself; then come the sockets of the public ports, each with a `listen`. */
const Open = z.object({
  type: z.literal('open'),
  /** Its clients are numbered from here on in these steps, so that no other process gives the same number. */
  nextId: z.int().min(1),
  idStep: z.int().min(1),
  /** Peers whose PROXY header is read. */
  fronts: z
    .array(
      z.object({
        family: z.union([z.literal(4), z.literal(6)]),
        words: z.array(z.int()).readonly(),
        bits: z.int().min(0).max(128),
      }),
    )
    .readonly(),
});
export type RelayOpen = z.infer<typeof Open>;

/** What becomes of a client that a relay process has accepted. */
const Answer = z.union([
  z.object({
    id: z.int(),
    targets,
    /** The edges to try when its request is for HLS; none: nobody serves that now. Absent: its request does not matter. */
    http: z.array(RelayTarget).max(64).optional(),
  }),
  z.object({ id: z.int(), refusal: z.string() }),
]);
export type RelayAnswer = z.infer<typeof Answer>;

/** Answers in one message: with 64 targets for each a megabyte or two. */
export const MAX_ANSWERS_PER_MESSAGE = 200;

/** Pod → relay process. */
export const PodToRelayMessage = z.discriminatedUnion('type', [
  RelayTake,
  Open,
  /** A public port's listening socket travels with it. */
  z.object({ type: z.literal('listen'), protocol: ClientProtocol, port: z.int() }),
  /** Accept nobody any more. */
  z.object({ type: z.literal('unlisten') }),
  z.object({ type: z.literal('answers'), clients: z.array(Answer).min(1).max(MAX_ANSWERS_PER_MESSAGE) }),
  CloseClients,
  CountBytes,
]);
export type PodToRelayMessage = z.infer<typeof PodToRelayMessage>;

/** A client that a relay process has accepted and asks about. */
const Newcomer = z.object({
  id: z.int().min(1),
  protocol: ClientProtocol,
  /** Its real one; empty when it left before anybody looked. */
  address: z.string(),
});
export type RelayNewcomer = z.infer<typeof Newcomer>;

/** Relay process → pod. */
export const RelayMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello') }),
  /** It accepts on this port. */
  z.object({ type: z.literal('listening'), port: z.int() }),
  /** It cannot: another process was faster, most likely. */
  z.object({ type: z.literal('listen-failed'), port: z.int(), code: z.string() }),
  /** These came (batched per turn of the event loop); each gets an answer, unless it is `left` before. */
  z.object({ type: z.literal('accepted'), clients: ofClients(Newcomer).min(1) }),
  /** These were closed without asking (batched as that). */
  z.object({
    type: z.literal('turned-away'),
    clients: ofClients(z.object({ reason: z.string(), address: z.string() })).min(1),
  }),
  z.object({ type: z.literal('took'), id: z.int() }),
  /** These clients are connected to these edges (batched; told before anything else of them). */
  z.object({ type: z.literal('routed'), clients: ofClients(z.object({ id: z.int(), edge: z.string() })).min(1) }),
  /** `edge` did not accept within the connect time-out; the next target is tried. */
  z.object({ type: z.literal('connect-failed'), id: z.int(), edge: z.string(), code: z.string() }),
  ClientsLeft,
  ClientsUse,
  ClientCounts,
  /** Every second: clients whose first words are being read; bytes sent to clients since start, by edge. */
  z.object({ type: z.literal('beat'), reading: z.int().min(0), sentBytes: z.record(z.string(), z.number()) }),
]);
export type RelayMessage = z.infer<typeof RelayMessage>;
