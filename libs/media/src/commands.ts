import { type AmfObject, type AmfValue, isAmfObject } from './amf0.js';
import { decodeAmf0Prefix } from './amf0-decode.js';
import { encodeAmf0 } from './amf0-encode.js';
import { MediaError } from './media-error.js';
import { MessageType, type RtmpMessage } from './rtmp-message.js';

/** A command message: name, transaction, command object, further arguments. */
export interface Command {
  name: string;
  transaction: number;
  object: AmfValue;
  args: AmfValue[];
}

/** Arguments of the longest command (play has 4), and some to spare. */
const MAX_VALUES = 16;
/** With all that is in them: connect of a Flash page has some 20. Each takes 20 to 100 times its bytes in memory. */
const MAX_VALUES_IN_DEPTH = 1024;
/** A command is a name and an object; connect of a Flash page with its swfUrl stays below 2 KiB. */
export const MAX_COMMAND_BYTES = 64 * 1024;

/** ffmpeg's encoders of some cameras write four bytes of time where a message of values belongs; SRS passes over it. */
export function isTimecode(payload: Buffer): boolean {
  return payload.length === 4 && payload[0] === 0;
}

/** Null for an empty command message, or ffmpeg's time code. Throws MediaError for what is none. */
export function decodeCommand(m: RtmpMessage): Command | null {
  if (m.payload.length > MAX_COMMAND_BYTES) throw new MediaError('limit', `a command of ${m.payload.length} bytes`);
  // AMF3 command messages start with a format byte 0, what follows is AMF0 in all clients that there are.
  const payload = m.typeId === MessageType.commandAmf3 ? m.payload.subarray(1) : m.payload;
  if (payload.length === 0 || isTimecode(m.payload)) return null;
  const [name, transaction, object, ...args] = decodeAmf0Prefix(payload, {
    needed: 2,
    count: MAX_VALUES,
    maxValues: MAX_VALUES_IN_DEPTH,
  });
  if (typeof name !== 'string') throw new MediaError('command', 'a command without a name');
  return { name, transaction: typeof transaction === 'number' ? transaction : 0, object, args };
}

export function commandMessage(
  streamId: number,
  name: string,
  transaction: number,
  ...values: AmfValue[]
): RtmpMessage {
  return {
    typeId: MessageType.commandAmf0,
    timestamp: 0,
    streamId,
    payload: encodeAmf0(name, transaction, ...values),
  };
}

export function dataMessage(streamId: number, ...values: AmfValue[]): RtmpMessage {
  return { typeId: MessageType.dataAmf0, timestamp: 0, streamId, payload: encodeAmf0(...values) };
}

/** A control message (types 1 to 6) of 32-bit numbers. */
export function controlMessage(typeId: number, ...words: number[]): RtmpMessage {
  const payload = Buffer.allocUnsafe(words.length * 4);
  words.forEach((word, i) => {
    payload.writeUInt32BE(word >>> 0, i * 4);
  });
  return { typeId, timestamp: 0, streamId: 0, payload };
}

/** A user control message: 16 bits of event, then 32-bit numbers. */
export function userControlMessage(event: number, ...words: number[]): RtmpMessage {
  const payload = Buffer.allocUnsafe(2 + words.length * 4);
  payload.writeUInt16BE(event);
  words.forEach((word, i) => {
    payload.writeUInt32BE(word >>> 0, 2 + i * 4);
  });
  return { typeId: MessageType.userControl, timestamp: 0, streamId: 0, payload };
}

/** A property of an object if it is a string, else undefined. */
export function stringOf(value: AmfValue, key: string): string | undefined {
  if (!isAmfObject(value) || !Object.hasOwn(value, key)) return undefined;
  const property = value[key];
  return typeof property === 'string' ? property : undefined;
}

export function objectOf(value: AmfValue): AmfObject {
  return isAmfObject(value) ? value : {};
}
