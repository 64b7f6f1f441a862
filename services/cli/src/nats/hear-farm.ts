import { connectBus } from '@dolphin/eventlog';
import {
  DolphinError,
  FarmView,
  Heartbeat,
  hostOfSubject,
  MAX_HOSTS,
  MAX_TELEMETRY_BYTES,
  MAX_VIEW_BYTES,
  subjectsOf,
} from '@dolphin/protocol';
import { silentLogger } from '@dolphin/runtime';
import type { BusSeen } from '../domain/doctor.js';
import { readJson } from './read-json.js';

/** Workers and the leader are heard every second; who is late by a third of one is there all the same. */
const LISTEN_MS = 1_300;

/** What is heard of a farm on NATS. What cannot be read is passed over, as masters do. Never throws. */
export async function hearFarm({ url, farm }: { readonly url: string; readonly farm: string }): Promise<BusSeen> {
  const nothing = { url, listenedMs: LISTEN_MS, heartbeats: [], announced: null };
  let bus: Awaited<ReturnType<typeof connectBus>>;
  try {
    bus = await connectBus(url, { name: 'cli doctor', logger: silentLogger(), waitForFirst: false });
  } catch (error) {
    const known = error instanceof DolphinError ? error : new DolphinError('E_INTERNAL', { why: String(error) });
    return { ...nothing, server: { code: known.code, message: known.message } };
  }
  try {
    const heartbeats = new Map<string, BusSeen['heartbeats'][number]>();
    let announced: BusSeen['announced'] = null;
    const subjects = subjectsOf(farm);
    bus.subscribe(subjects.heartbeatAll, {
      callback: (error, { subject, data }) => {
        const heartbeat = error ? null : readJson(Heartbeat, data, MAX_TELEMETRY_BYTES);
        if (heartbeat === null || heartbeat.host !== hostOfSubject(subject)) return;
        if (heartbeats.size >= MAX_HOSTS && !heartbeats.has(heartbeat.host)) return;
        heartbeats.set(heartbeat.host, { heartbeat, heardMs: Date.now() });
      },
    });
    bus.subscribe(subjects.farm, {
      callback: (error, { data }) => {
        if (!error) announced = readJson(FarmView, data, MAX_VIEW_BYTES) ?? announced;
      },
    });
    const rttMs = Math.round(await bus.rtt());
    await new Promise((resolve) => setTimeout(resolve, LISTEN_MS));
    const { version = 'unknown', max_payload: maxPayloadBytes = 0 } = bus.info ?? {};
    return { ...nothing, server: { version, rttMs, maxPayloadBytes }, heartbeats: [...heartbeats.values()], announced };
  } catch (error) {
    return {
      ...nothing,
      server: { code: 'E_BUS_UNAVAILABLE', message: error instanceof Error ? error.message : String(error) },
    };
  } finally {
    await bus.close();
  }
}
