/** A value of AMF0. Objects, ECMA arrays and typed objects are all read as plain objects. */
export type AmfValue =
  | number
  | boolean
  | string
  | null
  | undefined
  | Date
  | EcmaArray
  | AmfValue[]
  | { [key: string]: AmfValue };

export type AmfObject = { [key: string]: AmfValue };

/** Writes as an ECMA array (0x08) what would be written as an object (0x03). Never the result of reading. */
export class EcmaArray {
  readonly entries: AmfObject;

  constructor(entries: AmfObject) {
    this.entries = entries;
  }
}

/** Type markers (AMF0 specification 2.1). */
export const Marker = {
  number: 0x00,
  boolean: 0x01,
  string: 0x02,
  object: 0x03,
  null: 0x05,
  undefined: 0x06,
  reference: 0x07,
  ecmaArray: 0x08,
  objectEnd: 0x09,
  strictArray: 0x0a,
  date: 0x0b,
  longString: 0x0c,
  unsupported: 0x0d,
  xmlDocument: 0x0f,
  typedObject: 0x10,
  amf3: 0x11,
} as const;

/** Nesting that is read or written. Metadata needs 3. Also what keeps a value that contains itself from being endless. */
export const MAX_AMF_DEPTH = 32;

/** True for what is neither null, undefined, a list, a date nor a scalar. */
export function isAmfObject(value: AmfValue): value is AmfObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof EcmaArray)
  );
}
