import type { Clock, Complaints } from '@dolphin/runtime';
import { SESSIONS_STREAM_LOOK_MS } from './bounds.js';
import type { FarmModel } from './farm-model.js';
import type { Links } from './ports.js';

/**
 * Sees to it that workers have a stream to ship ended sessions into: also in a farm that is older than the stream, and when it was
 * deleted. Not where there is no farm, or its log is lost: there nobody has said yet what is to become of this NATS.
 */
export async function keepSessionsStream(
  o: { model: FarmModel; links: Pick<Links, 'createSessionsStream'>; complaints: Complaints; clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const { model, links, complaints, clock } = o;
  while (!signal.aborted) {
    const isOurs = model.connected && model.state.farm !== null && model.problem === null;
    if (isOurs) {
      try {
        await links.createSessionsStream();
      } catch (error) {
        complaints.about('ended sessions cannot be stored as they should', { err: error });
      }
    }
    await clock.sleep(isOurs ? SESSIONS_STREAM_LOOK_MS : SESSIONS_STREAM_LOOK_MS / 10, signal);
  }
}
