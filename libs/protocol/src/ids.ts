import { z } from 'zod';
import { edgeName } from './edge-name.js';
import { MAX_HOST_NAMES } from './limits.js';
import { NAME_PATTERN } from './name-pattern.js';

export const FarmName = z.string().regex(NAME_PATTERN, 'a farm name matches [a-z0-9][a-z0-9-]{0,62}');
export const HostId = z.string().regex(NAME_PATTERN, 'a host id matches [a-z0-9][a-z0-9-]{0,62}');
export const FarmId = z.uuid();
export const EngineName = z.string().regex(NAME_PATTERN, 'an engine name matches [a-z0-9][a-z0-9-]{0,62}');
/** A conf of the workers' own configuration, as engines are named. */
export const ConfName = z.string().regex(NAME_PATTERN, 'a conf name matches [a-z0-9][a-z0-9-]{0,62}');

/** What a host is, for placement: `zone: a`. */
export const Labels = z
  .record(
    z.string().regex(NAME_PATTERN, 'a label matches [a-z0-9][a-z0-9-]{0,62}'),
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'a label value is up to 63 letters, digits, ., _, -'),
  )
  .refine((labels) => Object.keys(labels).length <= MAX_HOST_NAMES, `at most ${MAX_HOST_NAMES} labels`);
export type Labels = z.infer<typeof Labels>;

export type FarmName = z.infer<typeof FarmName>;
export type HostId = z.infer<typeof HostId>;
export type FarmId = z.infer<typeof FarmId>;

/** What an edge is for: `stream` serves RTMP and HTTP-FLV, `http` HLS; `back-source` pulls for both. */
export const Role = z.enum(['stream', 'back-source', 'http']);
export type Role = z.infer<typeof Role>;

/** Stream edges have slots 0, 1, 2 …; a host has one back source and at most one http edge, slot 0 each. */
export const Slot = z.int().min(0).max(999);
/** Counts the definitions of a slot, from 1. */
export const Generation = z.int().min(1);
/** Counts leaders, from 1. */
export const Term = z.int().min(1);
/** Counts the lives of a worker on its host, from 1. */
export const Epoch = z.int().min(1);
/** A sequence of the log's stream; 0 means: before the first entry. */
export const Sequence = z.int().min(0);

/** The place of an edge on its host: what a decision, a command and a fact are about. */
export const EdgeKey = z.object({ role: Role, slot: Slot });
export type EdgeKey = z.infer<typeof EdgeKey>;

/** `dolphin-h1-stream-0`: the `server_id` that dolphin renders into an edge's conf. */
export function serverId(host: string, key: EdgeKey): string {
  return `dolphin-${host}-${edgeName(key)}`;
}

/** A host id from a host name: lower case, other characters become `-`. Empty when nothing usable is left. */
export function hostIdFrom(hostName: string): string {
  return hostName
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63);
}
