import { subjectsOf } from '@dolphin/protocol';
import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';

export interface LogOptions {
  /** The stream takes no more than this; then appends are refused with E_LOG_FULL. */
  maxBytes?: number;
  /** 1, 3 or 5. More than 1 needs nats-server 2.11. */
  replicas?: number;
  /** How long a leader's lease lives without renewal, ms. */
  leaseTtlMs?: number;
}

/** About two million decisions and facts. */
export const DEFAULT_LOG_MAX_BYTES = 1024 ** 3;
/** Append's settling lasts seconds; a resend after that long is another message. */
const DUPLICATE_WINDOW_NS = 120e9;

/** The log's stream: nothing ages out, nothing is pushed out, nothing can be deleted by a client. */
export function wantedStream(farm: string, options: LogOptions): Partial<StreamConfig> & { name: string } {
  const { logStream, logAll } = subjectsOf(farm);
  return {
    name: logStream,
    subjects: [logAll],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_age: 0,
    max_msgs: -1,
    max_msgs_per_subject: -1,
    max_bytes: options.maxBytes ?? DEFAULT_LOG_MAX_BYTES,
    num_replicas: options.replicas ?? 1,
    duplicate_window: DUPLICATE_WINDOW_NS,
    deny_delete: true,
    deny_purge: true,
    allow_rollup_hdrs: false,
  };
}

/** These make the log what it is. */
const ESSENTIAL = [
  'subjects',
  'retention',
  'storage',
  'discard',
  'max_age',
  'max_msgs',
  'max_msgs_per_subject',
  'duplicate_window',
  'deny_delete',
  'deny_purge',
] as const;

/**
 * How a stream that was found differs from what it must be; empty when it does not. Size and replicas count only when
 * `options` name them: an operator may have grown them.
 */
export function configDrift(found: Partial<StreamConfig>, farm: string, options: LogOptions): string[] {
  const wanted = wantedStream(farm, options);
  const fields: (keyof StreamConfig)[] = [...ESSENTIAL];
  if (options.maxBytes !== undefined) fields.push('max_bytes');
  if (options.replicas !== undefined) fields.push('num_replicas');
  const drift = fields.flatMap((field) => {
    const [is, must] = [JSON.stringify(found[field] ?? null), JSON.stringify(wanted[field] ?? null)];
    return is === must ? [] : [`${field} is ${is}, not ${must}`];
  });
  if (found.mirror || found.sources?.length) drift.push('it copies another stream');
  if (found.sealed) drift.push('it is sealed');
  return drift;
}

export const HOW_TO_CHANGE =
  'change it with "nats stream edit", or use another farm name; it is never deleted and made again';

/** True when `version` (2.9.10, v2.11.0-RC.1) is at least `major`.`minor`. */
export function serverAtLeast(version: string, major: number, minor: number): boolean {
  const [have = 0, haveMinor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return have > major || (have === major && haveMinor >= minor);
}
