/**
 * What one field may hold at most. A message has a limit in bytes where it is read; these bound what is then kept, shown
 * and counted, and leave room for the largest host that the ports allow.
 */

/** A sentence for people: why, who, a message. */
export const MAX_TEXT_CHARS = 1024;
/** A version, a host name, a file's name; a DNS name has 253. */
export const MAX_NAME_CHARS = 256;
/** `host:port`, with the longest DNS name. */
export const MAX_ADDRESS_CHARS = 262;
export const MAX_ORIGINS = 16;
/** Ports on which one host takes clients. */
export const MAX_PUBLIC_PORTS = 16;
/** Rows of a pod: 64 stream edges, a back source and an http edge, each with one that replaces it, and some that end. */
export const MAX_EDGE_ROWS = 256;
/** Reasons and the like that a host counts by. */
export const MAX_COUNTERS = 64;
/** Warnings, advice, problems in one message; one may bring the command that mends it. */
export const MAX_REMARKS = 64;
export const MAX_REMARK_CHARS = 4096;
/** Engines, confs, labels of one host. */
export const MAX_HOST_NAMES = 64;
/** Hosts of one farm in a view, and their edges. */
export const MAX_HOSTS = 1_000;
export const MAX_FARM_EDGE_ROWS = 20_000;
