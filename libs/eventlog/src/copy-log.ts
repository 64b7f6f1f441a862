import { DolphinError, type LogEnvelope, subjectsOf } from '@dolphin/protocol';
import { type JetStreamManager, jetstreamManager, PubHeaders } from '@nats-io/jetstream';
import { headers, type NatsConnection } from 'nats';
import { createLog, infoOf } from './create-log.js';
import { encodeEnvelope } from './envelope-codec.js';
import { messageIdOf, readAck } from './jetstream-append.js';
import { unavailable } from './jetstream-errors.js';

/** A message of the log that is copied, with the place that it had there. */
export interface CopiedMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly messageId: string;
  readonly envelope: LogEnvelope;
}

const TIMEOUT_MS = 5_000;
/** Under way to the server: of the largest size some 90 MB, usually 50 KB. */
const MAX_UNDER_WAY = 100;

/**
 * Writes the whole log of a farm anew, each message at the sequence that it had: what is in there and in snapshots names
 * sequences. Each is guarded by the end of the log, so that nobody else's comes between, and one that was cut off goes on
 * where it ended. Gives how many were written now. Throws E_FARM_EXISTS where there is another log, E_LOG_CONFLICT when
 * somebody writes at the same time, E_LOG_FULL, E_BUS_UNAVAILABLE.
 */
export async function copyLog(
  bus: NatsConnection,
  from: { readonly farm: string; readonly farmId: string; readonly lastSequence: number },
  messages: AsyncIterable<CopiedMessage>,
): Promise<number> {
  const { farm, farmId } = from;
  const { logStream, logOperator } = subjectsOf(farm);
  await createLog(bus, farm);
  let underWay: Promise<void>[] = [];
  try {
    const manager = await jetstreamManager(bus, { timeout: TIMEOUT_MS, checkAPI: false });
    const stored = (await infoOf(manager.streams.info(logStream)))?.state.last_seq ?? 0;
    if (stored > from.lastSequence) throw new DolphinError('E_FARM_EXISTS', { farm, farmId });
    const publish = publisher(bus, logStream);
    // Also of empty places, which may be many, no more are under way.
    const send = async (publishing: Promise<void>) => {
      underWay.push(publishing);
      if (underWay.length < MAX_UNDER_WAY) return;
      await Promise.all(underWay);
      underWay = [];
    };
    let next = stored + 1;
    let written = 0;
    let before: CopiedMessage | null = null;
    for await (const message of messages) {
      if (message.sequence <= stored) {
        before = message;
        continue;
      }
      if (before && !(await isThere(manager, logStream, before)))
        throw new DolphinError('E_FARM_EXISTS', { farm, farmId });
      before = null;
      // A place that no message of the log had: what is there without an id is passed over.
      for (; next < message.sequence; next++) await send(publish(logOperator, new Uint8Array(), next, null));
      await send(publish(message.subject, encodeEnvelope(message.envelope), next++, message.messageId));
      written++;
    }
    await Promise.all(underWay);
    if (before && !(await isThere(manager, logStream, before)))
      throw new DolphinError('E_FARM_EXISTS', { farm, farmId });
    return written;
  } catch (error) {
    // Also those whose own failure nobody waits for any more.
    await Promise.allSettled(underWay);
    throw unavailable(error);
  }
}

function publisher(bus: NatsConnection, stream: string) {
  return async (subject: string, data: Uint8Array, sequence: number, messageId: string | null): Promise<void> => {
    const guard = headers();
    if (messageId !== null) guard.set(PubHeaders.MsgIdHdr, messageId);
    guard.set(PubHeaders.ExpectedStreamHdr, stream);
    guard.set(PubHeaders.ExpectedLastSeqHdr, String(sequence - 1));
    const answer = await bus.request(subject, data, { headers: guard, timeout: TIMEOUT_MS });
    const result = readAck(answer.data, stream);
    switch (result.type) {
      case 'stored':
        return;
      case 'refused':
        throw result.error;
      case 'wrong-last':
        throw new DolphinError('E_LOG_CONFLICT', { subject });
      default:
        throw new DolphinError('E_BUS_UNAVAILABLE', { why: result.why });
    }
  };
}

async function isThere(manager: JetStreamManager, stream: string, message: CopiedMessage): Promise<boolean> {
  const found = await manager.streams.getMessage(stream, { seq: message.sequence });
  return found !== null && messageIdOf(found) === message.messageId;
}
