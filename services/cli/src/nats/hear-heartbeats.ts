import type { connectBus } from '@dolphin/eventlog';
import { Heartbeat, hostOfSubject, MAX_HOSTS, MAX_TELEMETRY_BYTES, subjectsOf } from '@dolphin/protocol';
import { readJson } from './read-json.js';

/** Workers are heard every second; who is late by a third of one is there all the same. */
export const LISTEN_MS = 1_300;

type Bus = Awaited<ReturnType<typeof connectBus>>;

export interface HeardHeartbeat {
  readonly heartbeat: Heartbeat;
  /** Monotonic, ms. */
  readonly heardAt: number;
  /** This machine's clock, ms since 1970. */
  readonly heardMs: number;
}

/** The newest heartbeat of each host within `LISTEN_MS`. One that cannot be read, or is not of its subject's host, is passed over. */
export async function hearHeartbeats(bus: Bus, farm: string): Promise<HeardHeartbeat[]> {
  const heard = new Map<string, HeardHeartbeat>();
  const subscription = bus.subscribe(subjectsOf(farm).heartbeatAll, {
    callback: (error, { subject, data }) => {
      const heartbeat = error ? null : readJson(Heartbeat, data, MAX_TELEMETRY_BYTES);
      if (heartbeat === null || heartbeat.host !== hostOfSubject(subject)) return;
      if (heard.size >= MAX_HOSTS && !heard.has(heartbeat.host)) return;
      heard.set(heartbeat.host, { heartbeat, heardAt: performance.now(), heardMs: Date.now() });
    },
  });
  await new Promise((resolve) => setTimeout(resolve, LISTEN_MS));
  subscription.unsubscribe();
  return [...heard.values()];
}
