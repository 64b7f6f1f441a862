import { randomUUID } from 'node:crypto';
import { subjectsOf } from '@dolphin/protocol';
import type { Msg, NatsConnection } from 'nats';

/**
 * A request that a host's worker answers. The answer comes on a subject of that host: a worker may not publish in anybody's
 * inbox, where it could answer for others. Throws nats.js's errors: no responders, time-out.
 */
export function requestHost(
  bus: NatsConnection,
  o: { farm: string; host: string; subject: string; body: string | Uint8Array; timeoutMs: number },
): Promise<Msg> {
  const reply = `${subjectsOf(o.farm).reply(o.host)}.${randomUUID()}`;
  return bus.request(o.subject, o.body, { timeout: o.timeoutMs, noMux: true, reply });
}
