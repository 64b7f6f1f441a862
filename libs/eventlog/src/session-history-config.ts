import { DolphinError, subjectsOf } from '@dolphin/protocol';
import { DiscardPolicy, jetstreamManager, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { infoOf, refuseUnsafeReplicas } from './create-log.js';
import { unavailable } from './jetstream-errors.js';
import { HOW_TO_CHANGE } from './stream-config.js';

/** Whoever asks why a stream broke off asks within days. */
const MAX_AGE_NS = 7 * 86_400e9;
/** Some three million sessions, at 330 bytes each: of four hosts whose viewers all come and go within ten minutes, a day's. */
const MAX_BYTES = 1024 ** 3;
/** As the log's: settling an append lasts seconds. */
const DUPLICATE_WINDOW_NS = 120e9;
const TIMEOUT_MS = 5_000;

/** Sessions are told about for a while, not kept for ever: the oldest make room, so that shipping never stops. */
export function wantedSessionsStream(farm: string, replicas: number): Partial<StreamConfig> & { name: string } {
  const { sessionsStream, sessionsAll } = subjectsOf(farm);
  return {
    name: sessionsStream,
    subjects: [sessionsAll],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: MAX_AGE_NS,
    max_bytes: MAX_BYTES,
    max_msgs: -1,
    max_msgs_per_subject: -1,
    num_replicas: replicas,
    duplicate_window: DUPLICATE_WINDOW_NS,
  };
}

/** Age, size and replicas are an operator's to change. */
const ESSENTIAL = ['subjects', 'retention', 'storage', 'discard', 'max_msgs_per_subject', 'duplicate_window'] as const;

/** How a stream that was found differs from what it must be; empty when it does not. */
export function sessionsDrift(found: Partial<StreamConfig>, farm: string): string[] {
  const wanted = wantedSessionsStream(farm, 1);
  return ESSENTIAL.flatMap((field) => {
    const [is, must] = [JSON.stringify(found[field] ?? null), JSON.stringify(wanted[field] ?? null)];
    return is === must ? [] : [`${field} is ${is}, not ${must}`];
  });
}

/**
 * Makes a farm's sessions stream if it is not there. What is there is left as it is: E_LOG_CONFIG when it is configured
 * otherwise. Throws E_UNSUPPORTED for replicas on a server that cannot guard them, E_BUS_UNAVAILABLE.
 */
export async function createSessionsStream(bus: NatsConnection, farm: string, replicas = 1): Promise<void> {
  refuseUnsafeReplicas(bus, replicas);
  const wanted = wantedSessionsStream(farm, replicas);
  try {
    const manager = await jetstreamManager(bus, { timeout: TIMEOUT_MS, checkAPI: false });
    let found = await infoOf(manager.streams.info(wanted.name));
    // Another master may make it at the same moment; what refuses it is said only if it is not there in the end either.
    found ??= await manager.streams.add(wanted).catch(async (error: unknown) => {
      const others = await infoOf(manager.streams.info(wanted.name));
      if (others === null) throw error;
      return others;
    });
    const drift = sessionsDrift(found.config, farm);
    if (drift.length === 0) return;
    throw new DolphinError('E_LOG_CONFIG', { stream: wanted.name, why: `${drift.join('; ')}; ${HOW_TO_CHANGE}` });
  } catch (error) {
    throw unavailable(error);
  }
}
