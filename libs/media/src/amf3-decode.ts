import { type AmfObject, type AmfValue, MAX_AMF_DEPTH } from './amf0.js';
import { MediaError } from './media-error.js';

/** What all AMF3 values of a message may take together: a reference of two bytes stands for a whole string again. */
export class Amf3Budget {
  /** Metadata has some dozens. */
  #values = 10_000;
  /** As much as a data message may well have of text. */
  #textBytes = 256 * 1024;

  value(): void {
    if (--this.#values < 0) throw new MediaError('limit', 'too many AMF3 values');
  }

  text(bytes: number): void {
    this.#textBytes -= bytes;
    if (this.#textBytes < 0) throw new MediaError('limit', 'too much text in AMF3 values');
  }
}

/** Type markers (AMF3 specification 3.1). */
const Marker = {
  undefined: 0x00,
  null: 0x01,
  false: 0x02,
  true: 0x03,
  integer: 0x04,
  double: 0x05,
  string: 0x06,
  xmlDocument: 0x07,
  date: 0x08,
  array: 0x09,
  object: 0x0a,
  xml: 0x0b,
  byteArray: 0x0c,
} as const;

interface Traits {
  readonly names: readonly string[];
  readonly isDynamic: boolean;
}

/**
 * The AMF3 value at `at` of a payload (behind the AMF0 marker 0x11), and where it ends. Throws MediaError `amf0` for what
 * cannot be read: vectors, dictionaries and classes that write themselves. Byte arrays, and references to objects (which
 * could make a value that contains itself), are read as undefined.
 */
export function decodeAmf3(bytes: Buffer, at: number, budget: Amf3Budget): { value: AmfValue; at: number } {
  const decoder = new Decoder(bytes, at, budget);
  const value = decoder.value(0);
  return { value, at: decoder.at };
}

class Decoder {
  at: number;
  readonly #bytes: Buffer;
  readonly #budget: Amf3Budget;
  readonly #strings: string[] = [];
  readonly #traits: Traits[] = [];

  constructor(bytes: Buffer, at: number, budget: Amf3Budget) {
    this.#bytes = bytes;
    this.at = at;
    this.#budget = budget;
  }

  value(depth: number): AmfValue {
    if (depth > MAX_AMF_DEPTH) throw new MediaError('limit', `AMF3 nested deeper than ${MAX_AMF_DEPTH}`);
    this.#budget.value();
    const marker = this.#bytes[this.#take(1)];
    switch (marker) {
      case Marker.undefined:
        return undefined;
      case Marker.null:
        return null;
      case Marker.false:
        return false;
      case Marker.true:
        return true;
      case Marker.integer:
        // 29 bits, signed.
        return (this.#u29() << 3) >> 3;
      case Marker.double:
        return this.#bytes.readDoubleBE(this.#take(8));
      case Marker.string:
        return this.#string();
      case Marker.xmlDocument:
      case Marker.xml:
        return this.#inline((length) => this.#text(length));
      case Marker.date:
        return this.#inline(() => new Date(this.#bytes.readDoubleBE(this.#take(8))));
      case Marker.array:
        return this.#inline((length) => this.#array(length, depth));
      case Marker.object:
        return this.#inline((header) => this.#object(header, depth));
      case Marker.byteArray:
        return this.#inline((length) => void this.#take(length));
      default:
        throw new MediaError('amf0', `AMF3 marker ${marker}`);
    }
  }

  /** What stands here in full: `read` gets its header's number. What is a reference is undefined. */
  #inline(read: (number: number) => AmfValue): AmfValue {
    const header = this.#u29();
    return (header & 1) === 0 ? undefined : read(header >> 1);
  }

  /** A list, or an object where it has named entries. */
  #array(length: number, depth: number): AmfValue {
    const named = this.#entries(depth);
    if (length > this.#bytes.length - this.at) throw new MediaError('amf0', `a list of ${length} beyond the end`);
    const list: AmfValue[] = [];
    for (let i = 0; i < length; i++) list.push(this.value(depth + 1));
    if (Object.keys(named).length === 0) return list;
    for (const [i, value] of list.entries()) put(named, String(i), value);
    return named;
  }

  #object(header: number, depth: number): AmfObject {
    const { names, isDynamic } = this.#traitsOf(header);
    const object: AmfObject = {};
    for (const name of names) {
      this.#budget.text(Buffer.byteLength(name));
      put(object, name, this.value(depth + 1));
    }
    return isDynamic ? this.#entries(depth, object) : object;
  }

  #traitsOf(header: number): Traits {
    if ((header & 1) === 0) {
      const known = this.#traits[header >> 1];
      if (known === undefined) throw new MediaError('amf0', 'AMF3 traits that were not there');
      return known;
    }
    if ((header & 2) !== 0) throw new MediaError('amf0', 'an AMF3 class that writes itself');
    this.#string();
    const names: string[] = [];
    for (let left = header >> 3; left > 0; left--) {
      // A name of no characters is no text, yet takes memory.
      this.#budget.value();
      names.push(this.#string());
    }
    const traits = { names, isDynamic: (header & 4) !== 0 };
    this.#traits.push(traits);
    return traits;
  }

  /** Names and values up to an empty name. */
  #entries(depth: number, object: AmfObject = {}): AmfObject {
    for (let name = this.#string(); name !== ''; name = this.#string()) put(object, name, this.value(depth + 1));
    return object;
  }

  #string(): string {
    const header = this.#u29();
    if ((header & 1) === 0) {
      const known = this.#strings[header >> 1];
      if (known === undefined) throw new MediaError('amf0', 'an AMF3 string that was not there');
      this.#budget.text(Buffer.byteLength(known));
      return known;
    }
    const text = this.#text(header >> 1);
    if (text !== '') this.#strings.push(text);
    return text;
  }

  #text(length: number): string {
    this.#budget.text(length);
    const from = this.#take(length);
    return this.#bytes.toString('utf8', from, from + length);
  }

  /** Up to four bytes: seven bits each while the first bit is set, all eight of the fourth. */
  #u29(): number {
    let value = 0;
    for (let i = 0; i < 3; i++) {
      const byte = this.#bytes[this.#take(1)] ?? 0;
      value = (value << 7) | (byte & 0x7f);
      if ((byte & 0x80) === 0) return value;
    }
    return (value << 8) | (this.#bytes[this.#take(1)] ?? 0);
  }

  /** Where the next `bytes` bytes start; they are there. */
  #take(bytes: number): number {
    const from = this.at;
    if (from + bytes > this.#bytes.length) throw new MediaError('amf0', 'AMF3 ends within a value');
    this.at = from + bytes;
    return from;
  }
}

/** Also for __proto__, which an assignment would take for something else. */
function put(object: AmfObject, key: string, value: AmfValue): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
