import { MediaError } from './media-error.js';
import { MessageType, type RtmpMessage } from './rtmp-message.js';
import { readUint24 } from './uint24.js';

const TAG_HEADER = 11;
const TAG_TRAILER = 4;
/** Tags in one aggregate: a second of media has a hundred, and each takes memory beside its bytes. */
export const MAX_AGGREGATE_TAGS = 4096;

/**
 * The messages in an aggregate (7.1.6): FLV tags whose times are moved so that the first is at the aggregate's time.
 * Payloads are views into the aggregate's. Tags of other kinds and empty ones are dropped.
 * Throws MediaError `flv`, or `limit` for more than MAX_AGGREGATE_TAGS.
 */
export function splitAggregate(m: RtmpMessage): RtmpMessage[] {
  const { payload } = m;
  const out: RtmpMessage[] = [];
  let base: number | null = null;
  let at = 0;
  let tags = 0;
  while (at < payload.length) {
    if (at + TAG_HEADER > payload.length) throw new MediaError('flv', 'an aggregate ends within a tag');
    if (++tags > MAX_AGGREGATE_TAGS) throw new MediaError('limit', `more than ${MAX_AGGREGATE_TAGS} tags`);
    const typeId = payload[at]! & 0x1f;
    const size = readUint24(payload, at + 1);
    const timestamp = readUint24(payload, at + 4) + payload[at + 7]! * 0x1000000;
    const from = at + TAG_HEADER;
    if (from + size > payload.length) throw new MediaError('flv', 'an aggregate ends within a tag');
    base ??= timestamp;
    const isMedia = typeId === MessageType.audio || typeId === MessageType.video || typeId === MessageType.dataAmf0;
    if (isMedia && size > 0) {
      const time = (m.timestamp + timestamp - base) >>> 0;
      out.push({ typeId, timestamp: time, streamId: m.streamId, payload: payload.subarray(from, from + size) });
    }
    at = from + size + TAG_TRAILER;
  }
  return out;
}
