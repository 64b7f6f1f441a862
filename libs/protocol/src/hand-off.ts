import { z } from 'zod';
import { MAX_CLIENTS_PER_MESSAGE, MAX_HANDED_HEAD_CHARS, MAX_STREAM_CHARS } from './hand-off-bounds.js';

/**
 * The words between a pod and an edge that takes sockets, over Node's IPC. A binary that never says `hello` is relayed
 * to.
 */
export const ClientProtocol = z.enum(['rtmp', 'http']);
export type ClientProtocol = z.infer<typeof ClientProtocol>;

/** Why a pod has clients closed. */
export const CloseReason = z.enum(['kicked', 'drained', 'limit']);
export type CloseReason = z.infer<typeof CloseReason>;

/**
 * How a client's connection ended, as far as the process that had it can know. `error`: bad input, a time-out, a request
 * that cannot be served. `edge-closed`: the relayed edge hung up first. `edge-stopped`: the edge was asked to end.
 */
export const ClientEnd = z.enum([
  ...CloseReason.options,
  'client-left',
  'slow',
  'error',
  'edge-closed',
  'edge-stopped',
]);
export type ClientEnd = z.infer<typeof ClientEnd>;

/** What a client is there for. */
export const StreamUse = z.enum(['play', 'publish']);
export type StreamUse = z.infer<typeof StreamUse>;

/** Bytes of a client's connection, as the process that has it counts them: `sentBytes` went to the client. */
export const ClientBytes = z.object({ id: z.int(), sentBytes: z.number().min(0), receivedBytes: z.number().min(0) });
export type ClientBytes = z.infer<typeof ClientBytes>;

export const LeftClient = ClientBytes.extend({ end: ClientEnd });
export type LeftClient = z.infer<typeof LeftClient>;

export const ofClients = <T extends z.ZodType>(client: T) => z.array(client).max(MAX_CLIENTS_PER_MESSAGE);

/** These clients are gone (batched per turn of the event loop). */
export const ClientsLeft = z.object({ type: z.literal('left'), clients: ofClients(LeftClient).min(1) });
/** These clients play or publish a stream, named as SRS's API names it; sent before they are `left` (batched as that). */
export const ClientsUse = z.object({
  type: z.literal('uses'),
  clients: ofClients(z.object({ id: z.int(), stream: z.string().max(MAX_STREAM_CHARS), use: StreamUse })).min(1),
});
/** The answer to `count`: those of the clients asked about that are there. */
export const ClientCounts = z.object({ type: z.literal('counts'), ask: z.int(), clients: ofClients(ClientBytes) });

/** What an edge and a relay process say alike of the clients that they were handed. */
export const ClientNews = z.discriminatedUnion('type', [ClientsLeft, ClientsUse, ClientCounts]);
export type ClientNews = z.infer<typeof ClientNews>;

/** Edge → pod. */
export const EdgeMessage = z.discriminatedUnion('type', [
  /** The first message: this edge takes sockets of these protocols. Again, with none: from now on it takes nobody. */
  z.object({ type: z.literal('hello'), takes: z.array(ClientProtocol), version: z.string() }),
  /** Socket `id` is here; sent before anything of it is read. */
  z.object({ type: z.literal('took'), id: z.int() }),
  ClientsLeft,
  ClientsUse,
  ClientCounts,
  /** Every second: alive, and its true numbers. Counters are since start, of all its connections. */
  z.object({
    type: z.literal('beat'),
    clients: z.int().min(0),
    streams: z.int().min(0),
    sentBytes: z.number().min(0),
    receivedBytes: z.number().min(0),
  }),
]);
export type EdgeMessage = z.infer<typeof EdgeMessage>;

/** What a pod knows of a client that its socket does not tell. */
const known = {
  /** Bytes that were read of it, base64: they come before what the socket still holds. */
  head: z.base64().max(MAX_HANDED_HEAD_CHARS).optional(),
  /** Its address as a front told it, where that is not the socket's. */
  address: z.union([z.ipv4(), z.ipv6()]).optional(),
};

/** Pod → edge. The socket travels with `take`; it was accepted with pauseOnConnect, and what was read of it is in `head`. */
export const Take = z.object({ type: z.literal('take'), id: z.int(), protocol: ClientProtocol, ...known });
export type Take = z.infer<typeof Take>;

/** Pod → edge or relay process: closes these clients; who is not there is passed over. */
export const CloseClients = z.object({ type: z.literal('close'), ids: ofClients(z.int()).min(1), why: CloseReason });
/** Pod → edge or relay process: how many bytes, of these clients? Asked when somebody looks, not at intervals. */
export const CountBytes = z.object({ type: z.literal('count'), ask: z.int(), ids: ofClients(z.int()) });

/**
 * Pod → edge: whether it may keep HTTP connections between two requests. Not while it is replaced: a viewer over HLS
 * goes to the edge that follows with another connection alone, and would hold the drain until its deadline.
 */
export const KeepConnections = z.object({ type: z.literal('keep'), on: z.boolean() });

export const PodMessage = z.discriminatedUnion('type', [Take, CloseClients, CountBytes, KeepConnections]);
export type PodMessage = z.infer<typeof PodMessage>;
