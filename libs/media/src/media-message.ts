import { splitAggregate } from './aggregate.js';
import { decodeAmf0 } from './amf0-decode.js';
import { encodeAmf0 } from './amf0-encode.js';
import { isTimecode } from './commands.js';
import { MediaError } from './media-error.js';
import { MessageType, type RtmpMessage } from './rtmp-message.js';

const SET_DATA_FRAME = Buffer.from('\x02\x00\x0d@setDataFrame', 'latin1');
const ON_META_DATA = Buffer.from('\x02\x00\x0aonMetaData', 'latin1');
const CONNECTION_DATA = ['|RtmpSampleAccess', 'onStatus'].map((name) =>
  Buffer.concat([Buffer.from([2, 0, name.length]), Buffer.from(name)]),
);

/**
 * The media in a message of a peer: audio, video and AMF0 data. Aggregates are split, AMF3 data messages become AMF0 ones,
 * and what is about the connection rather than the stream (|RtmpSampleAccess, onStatus) is left out.
 */
export function mediaOf(m: RtmpMessage): RtmpMessage[] {
  if (isData(m.typeId) && isTimecode(m.payload)) return [];
  switch (m.typeId) {
    case MessageType.audio:
    case MessageType.video:
      return [m];
    case MessageType.aggregate:
      return splitAggregate(m);
    case MessageType.dataAmf3:
      return amf0Of(m).flatMap(dataOf);
    case MessageType.dataAmf0:
      return dataOf(m);
    default:
      return [];
  }
}

function isData(typeId: number): boolean {
  return typeId === MessageType.dataAmf0 || typeId === MessageType.dataAmf3;
}

/**
 * An AMF3 data message as AMF0, which every player reads: a format byte 0 is taken off, AMF3 values are written anew. Empty
 * for what cannot be read: it would be no use to players either.
 */
function amf0Of(m: RtmpMessage): RtmpMessage[] {
  const payload = m.payload[0] === 0 ? m.payload.subarray(1) : m.payload;
  try {
    return [{ ...m, typeId: MessageType.dataAmf0, payload: encodeAmf0(...decodeAmf0(payload)) }];
  } catch (error) {
    if (error instanceof MediaError) return [];
    throw error;
  }
}

function dataOf(m: RtmpMessage): RtmpMessage[] {
  return m.payload.length === 0 || CONNECTION_DATA.some((name) => startsWith(m.payload, name)) ? [] : [m];
}

/** True for onMetaData, with or without the publisher's @setDataFrame in front. */
export function isMetadata(payload: Buffer): boolean {
  return startsWith(withoutSetDataFrame(payload), ON_META_DATA);
}

/** A data payload as players get it: a publisher's @setDataFrame taken off. A view, no copy. */
export function withoutSetDataFrame(payload: Buffer): Buffer {
  return startsWith(payload, SET_DATA_FRAME) ? payload.subarray(SET_DATA_FRAME.length) : payload;
}

function startsWith(payload: Buffer, prefix: Buffer): boolean {
  return payload.length >= prefix.length && payload.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}
