import { type AmfObject, type AmfValue, MAX_AMF_DEPTH, Marker } from './amf0.js';
import { Amf3Budget, decodeAmf3 } from './amf3-decode.js';
import { MediaError } from './media-error.js';

/** Values that one message may hold: an element of a list takes 1 byte on the wire and about 8 in memory. */
const MAX_VALUES = 100_000;

/**
 * All values of a message's payload. Throws MediaError `amf0` for what cannot be read, `limit` for more than
 * MAX_AMF_DEPTH levels or 100,000 values. As SRS does, an object or ECMA array may lack its end when the payload ends
 * there. References are not read; AMF3 values are, as decodeAmf3 says.
 */
export function decodeAmf0(payload: Buffer): AmfValue[] {
  const decoder = new Decoder(payload, MAX_VALUES);
  const values: AmfValue[] = [];
  while (decoder.more) values.push(decoder.value(0));
  return values;
}

/**
 * The first values of a command, at most `count`, with at most `maxValues` in all their depth (`limit`). What cannot be
 * read ends them without an error once `needed` are there: clients put garbage behind.
 */
export function decodeAmf0Prefix(payload: Buffer, o: { needed: number; count: number; maxValues: number }): AmfValue[] {
  const { needed, count, maxValues } = o;
  const decoder = new Decoder(payload, maxValues);
  const values: AmfValue[] = [];
  try {
    while (decoder.more && values.length < count) values.push(decoder.value(0));
  } catch (error) {
    if (!(error instanceof MediaError) || error.code !== 'amf0' || values.length < needed) throw error;
  }
  return values;
}

class Decoder {
  readonly #bytes: Buffer;
  readonly #maxValues: number;
  #at = 0;
  #values = 0;
  readonly #amf3 = new Amf3Budget();

  constructor(bytes: Buffer, maxValues: number) {
    this.#bytes = bytes;
    this.#maxValues = maxValues;
  }

  get more(): boolean {
    return this.#at < this.#bytes.length;
  }

  value(depth: number): AmfValue {
    if (depth > MAX_AMF_DEPTH) throw new MediaError('limit', `AMF0 nested deeper than ${MAX_AMF_DEPTH}`);
    if (++this.#values > this.#maxValues) throw new MediaError('limit', `more than ${this.#maxValues} AMF0 values`);
    const marker = this.#bytes[this.#take(1)]!;
    switch (marker) {
      case Marker.number:
        return this.#bytes.readDoubleBE(this.#take(8));
      case Marker.boolean:
        return this.#bytes[this.#take(1)] !== 0;
      case Marker.string:
        return this.#string(this.#u16());
      case Marker.longString:
      case Marker.xmlDocument:
        return this.#string(this.#u32());
      case Marker.object:
        return this.#object(depth);
      case Marker.typedObject:
        this.#string(this.#u16());
        return this.#object(depth);
      case Marker.ecmaArray:
        // The count is a hint only; encoders write 0 or a wrong one.
        this.#u32();
        return this.#object(depth);
      case Marker.strictArray:
        return this.#list(depth);
      case Marker.date: {
        const date = new Date(this.#bytes.readDoubleBE(this.#take(8)));
        this.#take(2);
        return date;
      }
      case Marker.null:
        return null;
      case Marker.undefined:
      case Marker.unsupported:
        return undefined;
      case Marker.amf3: {
        const { value, at } = decodeAmf3(this.#bytes, this.#at, this.#amf3);
        this.#at = at;
        return value;
      }
      default:
        throw new MediaError('amf0', `AMF0 marker ${marker}`);
    }
  }

  #object(depth: number): AmfObject {
    const object: AmfObject = {};
    while (this.more) {
      const length = this.#u16();
      if (length === 0 && this.#bytes[this.#at] === Marker.objectEnd) {
        this.#at += 1;
        break;
      }
      const key = this.#string(length);
      const value = this.value(depth + 1);
      // Assigning to __proto__ would change the object's prototype instead.
      if (key === '__proto__') {
        Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
      } else {
        object[key] = value;
      }
    }
    return object;
  }

  #list(depth: number): AmfValue[] {
    const count = this.#u32();
    if (count > this.#bytes.length - this.#at) throw new MediaError('amf0', `a list of ${count} beyond the end`);
    const list: AmfValue[] = [];
    for (let i = 0; i < count; i++) list.push(this.value(depth + 1));
    return list;
  }

  #u16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  #u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  #string(bytes: number): string {
    const from = this.#take(bytes);
    return this.#bytes.toString('utf8', from, from + bytes);
  }

  /** Where the next `bytes` bytes start; they are there. */
  #take(bytes: number): number {
    const from = this.#at;
    if (from + bytes > this.#bytes.length) throw new MediaError('amf0', 'AMF0 ends within a value');
    this.#at = from + bytes;
    return from;
  }
}
