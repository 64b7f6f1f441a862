/** Numbers in [0, 1), the same for the same seed. */
export type Random = () => number;

/** Longest input: above every head (8 KiB) and small message, below what makes a million inputs take hours. */
const MAX_INPUT_BYTES = 9 * 1024;
const MAX_MUTATIONS = 6;
/** Values at which fields change their meaning, or overflow. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffff, 0xffffff, 0x7fffffff, 0x80000000, 0xffffffff];

export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[below(random, from.length)] as T;
}

/** An input while it is made: in one place of memory for all of them, since a million are made. */
class Draft {
  readonly bytes: Buffer = Buffer.alloc(MAX_INPUT_BYTES);
  length = 0;

  start(from: Buffer): void {
    this.length = from.copy(this.bytes);
  }

  /** Room for `count` bytes at `at`; what no longer fits falls off the end. Returns how many there are. */
  open(at: number, count: number): number {
    const room = Math.min(count, MAX_INPUT_BYTES - at);
    const to = Math.min(MAX_INPUT_BYTES, this.length + room);
    this.bytes.copyWithin(at + room, at, to - room);
    this.length = to;
    return room;
  }

  noise(at: number, count: number, random: Random): void {
    for (let i = at; i < at + count; i++) this.bytes[i] = below(random, 256);
  }
}

/** What inputs are made of: real ones to choose from, or a maker of ones that are well-formed. */
export type Corpus = readonly Buffer[] | ((random: Random) => Buffer);

function member(corpus: Corpus, random: Random): Buffer {
  return typeof corpus === 'function' ? corpus(random) : pick(random, corpus);
}

type Mutator = (draft: Draft, random: Random, corpus: Corpus) => void;

const MUTATORS: readonly Mutator[] = [
  function flipBit({ bytes, length }, random) {
    const at = below(random, length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
  },
  function setByte({ bytes, length }, random) {
    bytes[below(random, length)] = random() < 0.5 ? pick(random, EDGES) & 0xff : below(random, 256);
  },
  function setField({ bytes, length }, random) {
    const width = 2 + below(random, 3);
    if (length < width) return;
    bytes.writeUIntBE(pick(random, EDGES) % 256 ** width, below(random, length - width + 1), width);
  },
  function nudgeField({ bytes, length }, random) {
    const width = 1 + below(random, 4);
    if (length < width) return;
    const at = below(random, length - width + 1);
    const limit = 256 ** width;
    bytes.writeUIntBE((bytes.readUIntBE(at, width) + limit + below(random, 9) - 4) % limit, at, width);
  },
  function truncate(draft, random) {
    draft.length = below(random, draft.length + 1);
  },
  function drop(draft, random) {
    const at = below(random, draft.length);
    const count = Math.min(below(random, 64), draft.length - at);
    draft.bytes.copyWithin(at, at + count, draft.length);
    draft.length -= count;
  },
  function insert(draft, random) {
    const at = below(random, draft.length + 1);
    draft.noise(at, draft.open(at, 1 + below(random, 16)), random);
  },
  function repeat(draft, random) {
    const at = below(random, draft.length);
    const period = Math.min(1 + below(random, 64), draft.length - at);
    const room = draft.open(at, period * (1 + below(random, 20)));
    // What stands behind the room is what is repeated: filled from the end, each byte is that of a period later.
    for (let i = at + room - 1; i >= at; i--) draft.bytes[i] = draft.bytes[i + period] ?? 0;
  },
  function splice(draft, random, corpus) {
    const other = member(corpus, random);
    const at = below(random, draft.length + 1);
    draft.length = at + other.copy(draft.bytes, at, below(random, other.length + 1));
  },
];

const draft = new Draft();

/**
 * An input made of the corpus: mostly one of its members with a few changes; rarely as it is, or random bytes. What is
 * made anew each time is left as it is more often. Its memory is that of the next one.
 */
export function mutant(corpus: Corpus, random: Random): Buffer {
  const kind = random();
  if (kind < 0.02) {
    draft.length = below(random, 300);
    draft.noise(0, draft.length, random);
  } else {
    draft.start(member(corpus, random));
    if (kind >= (typeof corpus === 'function' ? 0.4 : 0.04)) mutate(corpus, random);
  }
  return draft.bytes.subarray(0, draft.length);
}

function mutate(corpus: Corpus, random: Random): void {
  for (let left = 1 + below(random, MAX_MUTATIONS); left > 0; left--) {
    if (draft.length === 0) draft.noise(0, draft.open(0, 1), random);
    pick(random, MUTATORS)(draft, random, corpus);
  }
}

/** Pieces in a row that are smaller than any head: so many of them meet each kind of cut, and all of an input costs 20 times as much. */
const MOST_SMALL_PIECES = 48;
const SMALL_BYTES = 16;
const LARGE_BYTES = 1500;

/** The input in pieces, as a socket may bring it: large ones, and somewhere many small ones, or single bytes. */
export function pieces(bytes: Buffer, random: Random): Buffer[] {
  const out: Buffer[] = [];
  const kind = random();
  const smallBytes = kind < 0.1 ? 1 : SMALL_BYTES;
  let small = kind < 0.5 ? MOST_SMALL_PIECES : 0;
  const smallFrom = below(random, bytes.length + 1);
  for (let at = 0; at < bytes.length; ) {
    const isSmall = at >= smallFrom && small > 0;
    if (isSmall) small -= 1;
    const most = isSmall ? smallBytes : small > 0 ? Math.min(LARGE_BYTES, smallFrom - at) : LARGE_BYTES;
    const to = Math.min(bytes.length, at + 1 + below(random, most));
    // A copy: what is read must not lean on the pieces being one.
    out.push(Buffer.from(bytes.subarray(at, to)));
    at = to;
  }
  return out;
}
