import { z } from 'zod';

/**
 * The words between a pod and an edge that takes sockets, over Node's IPC. A binary that never says `hello` is relayed
 * to.
 */
export const ClientProtocol = z.enum(['rtmp', 'http']);
export type ClientProtocol = z.infer<typeof ClientProtocol>;

/** Edge → pod. */
export const EdgeMessage = z.discriminatedUnion('type', [
  /** The first message: this edge takes sockets of these protocols. */
  z.object({ type: z.literal('hello'), takes: z.array(ClientProtocol), version: z.string() }),
  /** Socket `id` is here; sent before anything of it is read. */
  z.object({ type: z.literal('took'), id: z.int() }),
  /** These clients are gone (batched per turn of the event loop). */
  z.object({ type: z.literal('left'), ids: z.array(z.int()).min(1).max(100_000) }),
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

/** What a pod may have read of a client: a head of 8 KiB and as much of what follows it, in base64. */
export const MAX_HANDED_HEAD_CHARS = 22_000;

/** What a pod knows of a client that its socket does not tell. */
const known = {
  /** Bytes that were read of it, base64: they come before what the socket still holds. */
  head: z.base64().max(MAX_HANDED_HEAD_CHARS).optional(),
  /** Its address as a front told it, where that is not the socket's. */
  address: z.union([z.ipv4(), z.ipv6()]).optional(),
};

/** Pod → edge. The socket travels with `take`; it was accepted with pauseOnConnect, and what was read of it is in `head`. */
export const PodMessage = z.object({ type: z.literal('take'), id: z.int(), protocol: ClientProtocol, ...known });
export type PodMessage = z.infer<typeof PodMessage>;

/** Pod → relay process: the socket, and the edges to try in this order (the balancer's). */
export const PodToRelayMessage = PodMessage.extend({
  targets: z
    .array(
      z.object({
        edge: z.string(),
        host: z.string(),
        port: z.int(),
        /** It understands the RTMP proxy header (F3) and believes it from the relay. */
        proxyHeader: z.boolean().default(false),
      }),
    )
    .min(1)
    .max(64),
});
export type PodToRelayMessage = z.infer<typeof PodToRelayMessage>;

/** Relay process → pod. */
export const RelayMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello') }),
  z.object({ type: z.literal('took'), id: z.int() }),
  /** Client `id` is connected to `edge`. */
  z.object({ type: z.literal('routed'), id: z.int(), edge: z.string() }),
  /** `edge` did not accept within the connect time-out; the next target is tried. */
  z.object({ type: z.literal('connect-failed'), id: z.int(), edge: z.string(), code: z.string() }),
  z.object({ type: z.literal('left'), ids: z.array(z.int()).min(1).max(100_000) }),
  /** Every second: bytes sent to clients since start, by edge. */
  z.object({ type: z.literal('beat'), sentBytes: z.record(z.string(), z.number()) }),
]);
export type RelayMessage = z.infer<typeof RelayMessage>;
