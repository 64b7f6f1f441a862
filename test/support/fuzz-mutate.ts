/** Numbers in [0, 1), the same for the same seed. */
export type Random = () => number;

/** Longest input: above every head and small message, below what makes a million inputs take hours. */
const MAX_INPUT_BYTES = 8 * 1024;
const MAX_MUTATIONS = 6;
/** Values at which fields change their meaning, or overflow. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffff, 0xffffff, 0x7fffffff, 0x80000000, 0xffffffff];

export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[below(random, from.length)] as T;
}

type Mutator = (bytes: Buffer, random: Random, corpus: readonly Buffer[]) => Buffer;

const MUTATORS: readonly Mutator[] = [
  function flipBit(bytes, random) {
    const at = below(random, bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
    return bytes;
  },
  function setByte(bytes, random) {
    bytes[below(random, bytes.length)] = random() < 0.5 ? pick(random, EDGES) & 0xff : below(random, 256);
    return bytes;
  },
  function setField(bytes, random) {
    const width = pick(random, [2, 3, 4]);
    if (bytes.length < width) return bytes;
    bytes.writeUIntBE(pick(random, EDGES) % 256 ** width, below(random, bytes.length - width + 1), width);
    return bytes;
  },
  function nudgeField(bytes, random) {
    const width = pick(random, [1, 2, 3, 4]);
    if (bytes.length < width) return bytes;
    const at = below(random, bytes.length - width + 1);
    const limit = 256 ** width;
    bytes.writeUIntBE((bytes.readUIntBE(at, width) + limit + below(random, 9) - 4) % limit, at, width);
    return bytes;
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, below(random, bytes.length + 1));
  },
  function drop(bytes, random) {
    const from = below(random, bytes.length);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + below(random, 64))]);
  },
  function insert(bytes, random) {
    const at = below(random, bytes.length + 1);
    const more = Buffer.from(Array.from({ length: 1 + below(random, 16) }, () => below(random, 256)));
    return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
  },
  function repeat(bytes, random) {
    const from = below(random, bytes.length);
    const part = bytes.subarray(from, from + 1 + below(random, 64));
    const times = 1 + below(random, 20);
    return Buffer.concat([bytes.subarray(0, from), ...Array<Buffer>(times).fill(part), bytes.subarray(from)]);
  },
  function splice(bytes, random, corpus) {
    const other = pick(random, corpus);
    return Buffer.concat([
      bytes.subarray(0, below(random, bytes.length + 1)),
      other.subarray(below(random, other.length + 1)),
    ]);
  },
];

/** An input made of the corpus: mostly one of its members with a few changes; rarely as it is, or random bytes. */
export function mutant(corpus: readonly Buffer[], random: Random): Buffer {
  const kind = random();
  if (kind < 0.02) return Buffer.from(Array.from({ length: below(random, 300) }, () => below(random, 256)));
  let bytes = Buffer.from(pick(random, corpus));
  if (kind < 0.04) return bytes;
  for (let left = 1 + below(random, MAX_MUTATIONS); left > 0; left--) {
    if (bytes.length === 0) bytes = Buffer.from([below(random, 256)]);
    bytes = Buffer.from(pick(random, MUTATORS)(bytes, random, corpus));
  }
  return bytes.subarray(0, MAX_INPUT_BYTES);
}

/** The input in pieces, as a socket may bring it. */
export function pieces(bytes: Buffer, random: Random): Buffer[] {
  if (random() < 0.02) return Array.from(bytes, (byte) => Buffer.from([byte]));
  const out: Buffer[] = [];
  const most = random() < 0.3 ? 16 : 1500;
  for (let at = 0; at < bytes.length; ) {
    const to = Math.min(bytes.length, at + 1 + below(random, most));
    // A copy: what is read must not lean on the pieces being one.
    out.push(Buffer.from(bytes.subarray(at, to)));
    at = to;
  }
  return out;
}
