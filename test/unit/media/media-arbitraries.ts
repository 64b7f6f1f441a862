import { type AmfValue, MediaError, MessageType, type RtmpMessage } from '@dolphin/media';
import fc from 'fast-check';

/** A message that a peer may send (an empty one would be left out); sizes around the chunk sizes that are tried. */
export const message = (maxBytes = 600): fc.Arbitrary<RtmpMessage> =>
  fc.record(
    {
      typeId: fc.constantFrom(MessageType.audio, MessageType.video, MessageType.dataAmf0, MessageType.commandAmf0),
      timestamp: fc.oneof(
        fc.nat(10_000),
        fc.integer({ min: 0xfffff0, max: 0x1000010 }),
        fc.integer({ min: 0x7ffffff0, max: 0x80000010 }),
        fc.integer({ min: 0, max: 0xffffffff }),
      ),
      streamId: fc.constantFrom(0, 1, 5),
      payload: fc.uint8Array({ minLength: 1, maxLength: maxBytes }).map((bytes) => Buffer.from(bytes)),
    },
    { noNullPrototype: true },
  );

export const chunkStreamId = fc.oneof(fc.integer({ min: 3, max: 8 }), fc.constantFrom(2, 63, 64, 65, 319, 320, 65_599));

/** Cuts bytes at arbitrary places. */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length));
}

export const places = fc.array(fc.nat(1_000_000), { maxLength: 12 });

const key = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.constant('__proto__'));

export const amfValue: fc.Arbitrary<AmfValue> = fc.letrec<{ value: AmfValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.double(),
    fc.boolean(),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constant(null),
    fc.constant(undefined),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  ),
})).value;

/** Runs what reads hostile bytes: true if it threw MediaError, any other error comes through. */
export function refuses(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch (error) {
    if (error instanceof MediaError) return true;
    throw error;
  }
}
