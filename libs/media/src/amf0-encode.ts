import { type AmfObject, type AmfValue, EcmaArray, MAX_AMF_DEPTH, Marker } from './amf0.js';
import { MediaError } from './media-error.js';

const OBJECT_END = Buffer.from([0, 0, Marker.objectEnd]);

/** The values one after the other. Throws MediaError `limit` for more than MAX_AMF_DEPTH levels or a key over 65535 bytes. */
export function encodeAmf0(...values: AmfValue[]): Buffer {
  const parts: Buffer[] = [];
  for (const value of values) encodeValue(value, parts, 0);
  return Buffer.concat(parts);
}

function encodeValue(value: AmfValue, parts: Buffer[], depth: number): void {
  if (depth > MAX_AMF_DEPTH) throw new MediaError('limit', `AMF0 nested deeper than ${MAX_AMF_DEPTH}`);
  if (typeof value === 'number') parts.push(double(Marker.number, value, 0));
  else if (typeof value === 'boolean') parts.push(Buffer.from([Marker.boolean, value ? 1 : 0]));
  else if (typeof value === 'string') encodeString(value, parts);
  else if (value === null) parts.push(Buffer.from([Marker.null]));
  else if (value === undefined) parts.push(Buffer.from([Marker.undefined]));
  else if (value instanceof Date) parts.push(double(Marker.date, value.getTime(), 2));
  else if (Array.isArray(value)) {
    parts.push(counted(Marker.strictArray, value.length));
    for (const element of value) encodeValue(element, parts, depth + 1);
  } else if (value instanceof EcmaArray) {
    parts.push(counted(Marker.ecmaArray, Object.keys(value.entries).length));
    encodeEntries(value.entries, parts, depth);
  } else {
    parts.push(Buffer.from([Marker.object]));
    encodeEntries(value, parts, depth);
  }
}

function encodeEntries(entries: AmfObject, parts: Buffer[], depth: number): void {
  for (const [key, value] of Object.entries(entries)) {
    const bytes = Buffer.from(key);
    if (bytes.length > 0xffff) throw new MediaError('limit', `an AMF0 key of ${bytes.length} bytes`);
    const length = Buffer.allocUnsafe(2);
    length.writeUInt16BE(bytes.length);
    parts.push(length, bytes);
    encodeValue(value, parts, depth + 1);
  }
  parts.push(OBJECT_END);
}

function encodeString(value: string, parts: Buffer[]): void {
  const bytes = Buffer.from(value);
  if (bytes.length > 0xffff) {
    parts.push(counted(Marker.longString, bytes.length), bytes);
    return;
  }
  const head = Buffer.allocUnsafe(3);
  head[0] = Marker.string;
  head.writeUInt16BE(bytes.length, 1);
  parts.push(head, bytes);
}

function counted(marker: number, count: number): Buffer {
  const head = Buffer.allocUnsafe(5);
  head[0] = marker;
  head.writeUInt32BE(count, 1);
  return head;
}

function double(marker: number, value: number, tail: number): Buffer {
  const bytes = Buffer.alloc(9 + tail);
  bytes[0] = marker;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}
