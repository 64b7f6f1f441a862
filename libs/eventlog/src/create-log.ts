import { DolphinError, subjectsOf } from '@dolphin/protocol';
import { jetstream, jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from 'nats';
import { isStreamNotFound, unavailable } from './jetstream-errors.js';
import { DEFAULT_LEASE_TTL_MS } from './lease-rules.js';
import { configDrift, HOW_TO_CHANGE, type LogOptions, serverAtLeast, wantedStream } from './stream-config.js';

const TIMEOUT_MS = 5_000;

/**
 * Makes a farm's log stream and lease bucket if they are not there. What is there is left as it is: E_LOG_CONFIG when it
 * is configured otherwise. Throws E_UNSUPPORTED for replicas on a server that cannot guard them, E_BUS_UNAVAILABLE.
 */
export async function createLog(bus: NatsConnection, farm: string, options: LogOptions = {}): Promise<void> {
  refuseUnsafeReplicas(bus, options.replicas ?? 1);
  const wanted = wantedStream(farm, options);
  try {
    const manager = await jetstreamManager(bus, { timeout: TIMEOUT_MS, checkAPI: false });
    let found = await infoOf(manager.streams.info(wanted.name));
    // Another master may make it at the same moment: what is there in the end is looked at, whoever made it.
    found ??= await manager.streams.add(wanted).catch(() => manager.streams.info(wanted.name));
    refuseDrift(found, farm, options);
    await createLeaseBucket(bus, farm, options);
  } catch (error) {
    throw unavailable(error);
  }
}

/** null: there is no such stream. */
export async function infoOf(asked: Promise<StreamInfo>): Promise<StreamInfo | null> {
  try {
    return await asked;
  } catch (error) {
    if (isStreamNotFound(error)) return null;
    throw error;
  }
}

export function refuseDrift(found: StreamInfo, farm: string, options: LogOptions): void {
  const drift = configDrift(found.config, farm, options);
  if (drift.length === 0) return;
  const why = `${drift.join('; ')}; ${HOW_TO_CHANGE}`;
  throw new DolphinError('E_LOG_CONFIG', { stream: found.config.name, why });
}

/** Before 2.11 a replicated stream may let two concurrent writers both pass the guard. */
export function refuseUnsafeReplicas(bus: NatsConnection, replicas: number): void {
  const version = bus.info?.version ?? '0';
  if (replicas <= 1 || serverAtLeast(version, 2, 11)) return;
  throw new DolphinError('E_UNSUPPORTED', {
    what: `a log with ${replicas} replicas on nats-server ${version}`,
    why: 'its guard does not hold for concurrent writers before 2.11',
  });
}

async function createLeaseBucket(bus: NatsConnection, farm: string, options: LogOptions): Promise<void> {
  const { leaseBucket } = subjectsOf(farm);
  const ttl = options.leaseTtlMs ?? DEFAULT_LEASE_TTL_MS;
  const kvm = new Kvm(jetstream(bus, { timeout: TIMEOUT_MS }));
  const kv = await kvm.create(leaseBucket, { ttl, history: 1, replicas: options.replicas ?? 1, allow_direct: false });
  const status = await kv.status();
  if (options.leaseTtlMs !== undefined && status.ttl !== ttl) {
    const why = `its ttl is ${status.ttl} ms, not ${ttl} ms; ${HOW_TO_CHANGE}`;
    throw new DolphinError('E_LOG_CONFIG', { stream: leaseBucket, why });
  }
}
