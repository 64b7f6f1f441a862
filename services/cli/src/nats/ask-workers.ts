import { connectBus, requestHost } from '@dolphin/eventlog';
import {
  type Ask,
  AskReply,
  DolphinError,
  type Heartbeat,
  MAX_TELEMETRY_BYTES,
  NAME_PATTERN,
  subjectsOf,
} from '@dolphin/protocol';
import { silentLogger } from '@dolphin/runtime';
import type { HostReport } from '../domain/seen-farm.js';
import type { BusPlace } from '../files/find-farm.js';
import { type HeardHeartbeat, hearHeartbeats, LISTEN_MS } from './hear-heartbeats.js';
import { readJson } from './read-json.js';

/** A worker answers from memory. */
const ASK_TIMEOUT_MS = 1_000;

type Bus = Awaited<ReturnType<typeof connectBus>>;

/**
 * What every worker of the farm tells, over NATS: who is there shows by heartbeats, and each of them is asked. One that does
 * not answer is shown as it was heard. Throws E_BUS_UNAVAILABLE, E_CONFIG, and E_UNREACHABLE when nobody was heard.
 */
export async function askWorkers(o: BusPlace): Promise<HostReport[]> {
  const { credentials, farm } = o;
  if (!NAME_PATTERN.test(farm))
    throw new DolphinError('E_CONFIG', { where: 'farm', why: `${farm} is no name of a farm` });
  const bus = await connectBus(o.url, { name: 'cli', credentials, logger: silentLogger(), waitForFirst: false });
  try {
    const heard = await hearHeartbeats(bus, o.farm);
    if (heard.length === 0) {
      const why = `no heartbeat within ${LISTEN_MS} ms`;
      throw new DolphinError('E_UNREACHABLE', { what: `every worker of farm ${o.farm}`, address: o.url, why });
    }
    return await Promise.all(heard.map((one) => reportOf(bus, o.farm, one)));
  } finally {
    await bus.close();
  }
}

async function reportOf(bus: Bus, farm: string, { heartbeat, heardAt }: HeardHeartbeat): Promise<HostReport> {
  const question: Ask = { what: 'state' };
  let why = 'its worker does not answer';
  try {
    const { host } = heartbeat;
    const subject = subjectsOf(farm).ask(host);
    const asked = { farm, host, subject, body: JSON.stringify(question), timeoutMs: ASK_TIMEOUT_MS };
    const { data } = await requestHost(bus, asked);
    const reply = readJson(AskReply, data, MAX_TELEMETRY_BYTES);
    if (reply?.what === 'state' && reply.heartbeat?.host === heartbeat.host) return toReport(reply.heartbeat, 0);
    if (reply?.what === 'refused') why = `its worker refuses: ${reply.code}: ${reply.message}`;
  } catch {
    // Late, or gone since it was heard: what it said then stands.
  }
  return {
    ...toReport(heartbeat, Math.round(performance.now() - heardAt)),
    problem: `${why}: shown is what it said last`,
  };
}

function toReport({ host, farmId, epoch, address, pod, readOnly, leaving }: Heartbeat, ageMs: number): HostReport {
  return {
    ...{ host, farmId, epoch, address, pod, ageMs, wanted: [] },
    ...(pod === null && { problem: 'its pod does not answer its worker' }),
    ...(readOnly && { readOnly }),
    ...(leaving && { leaving }),
  };
}
