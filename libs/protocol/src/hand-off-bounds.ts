/** Clients in one message: some 150 KB, parsed in a few ms. More of them go in several messages. */
export const MAX_CLIENTS_PER_MESSAGE = 2000;
/** `vhost/app/stream`; an edge takes no longer app and stream than 512 characters together. */
export const MAX_STREAM_CHARS = 1024;
/** What a pod may have read of a client: a head of 8 KiB and as much of what follows it, in base64. */
export const MAX_HANDED_HEAD_CHARS = 22_000;
