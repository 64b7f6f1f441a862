import { connectBus, isBusRefusal } from '@dolphin/eventlog';
import { DolphinError, FarmView, MAX_VIEW_BYTES, subjectsOf } from '@dolphin/protocol';
import { silentLogger } from '@dolphin/runtime';
import type { BusSeen } from '../domain/doctor.js';
import { isNewer } from '../domain/newest-view.js';
import type { BusPlace } from '../files/find-farm.js';
import { hearHeartbeats, LISTEN_MS } from './hear-heartbeats.js';
import { readJson } from './read-json.js';

/** What is heard of a farm on NATS. What cannot be read is passed over, as masters do. Never throws. */
export async function hearFarm({ url, farm, credentials }: BusPlace): Promise<BusSeen> {
  const nothing = { url, listenedMs: LISTEN_MS, heartbeats: [], announced: null };
  let bus: Awaited<ReturnType<typeof connectBus>>;
  try {
    bus = await connectBus(url, { name: 'cli doctor', credentials, logger: silentLogger(), waitForFirst: false });
  } catch (error) {
    const known = error instanceof DolphinError ? error : new DolphinError('E_INTERNAL', { why: String(error) });
    const failure = { code: known.code, message: known.message };
    return { ...nothing, server: { ...failure, ...(isBusRefusal(error) && { isRefused: true }) } };
  }
  try {
    let announced: FarmView | null = null;
    bus.subscribe(subjectsOf(farm).farm, {
      callback: (error, { data }) => {
        const view = error ? null : readJson(FarmView, data, MAX_VIEW_BYTES);
        if (view !== null && isNewer(view, announced)) announced = view;
      },
    });
    const pong = bus.rtt().catch(() => null);
    const heartbeats = await hearHeartbeats(bus, farm);
    // One that stood still meanwhile may never answer.
    const rttMs = await Promise.race([pong, null]);
    if (rttMs === null) throw new Error(`no answer to a ping within ${LISTEN_MS} ms`);
    const { version = 'unknown', max_payload: maxPayloadBytes = 0 } = bus.info ?? {};
    return { ...nothing, server: { version, rttMs: Math.round(rttMs), maxPayloadBytes }, heartbeats, announced };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ...nothing, server: { code: 'E_BUS_UNAVAILABLE', message } };
  } finally {
    await bus.close();
  }
}
