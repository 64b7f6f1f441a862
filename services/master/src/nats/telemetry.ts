import { MAX_TELEMETRY_BYTES, subjectsOf } from '@dolphin/protocol';
import type { NatsConnection } from 'nats';
import type { Listener } from '../app/listener.js';

/** Feeds heartbeats and stats to the listener, as long as the connection lives. */
export async function listenToHosts(bus: NatsConnection, farm: string, listener: Listener): Promise<void> {
  const { heartbeatAll, statsAll } = subjectsOf(farm);
  bus.subscribe(heartbeatAll, {
    callback: (error, message) => {
      if (!error) listener.heartbeat(message.subject, jsonOf(message.data));
    },
  });
  bus.subscribe(statsAll, {
    callback: (error, message) => {
      if (!error) listener.stats(message.subject, jsonOf(message.data));
    },
  });
  // Silence is counted from here on: the server must know the subscriptions.
  await bus.flush();
}

function jsonOf(data: Uint8Array): unknown {
  if (data.length > MAX_TELEMETRY_BYTES) return undefined;
  try {
    return JSON.parse(Buffer.from(data).toString()) as unknown;
  } catch {
    return undefined;
  }
}
