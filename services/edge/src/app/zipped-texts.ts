/**
 * Texts that are kept with their zipped form, characters in sum: a playlist has 1 to 4 thousand, and where viewers have
 * tokens of their own each has another one, which is of no use to others.
 */
const MAX_KEPT_CHARS = 1024 * 1024;

/** Zips a text once for all who ask for it while it is new: a playlist is the same until its next segment. */
export class ZippedTexts {
  readonly #gzip: (body: Buffer) => Buffer;
  /** The oldest first. */
  readonly #kept = new Map<string, Buffer>();
  #chars = 0;

  constructor(gzip: (body: Buffer) => Buffer) {
    this.#gzip = gzip;
  }

  /** The zipped form of `text`, whose bytes are `plain`; nobody changes it. */
  of(text: string, plain: Buffer): Buffer {
    const known = this.#kept.get(text);
    if (known !== undefined) return known;
    const zipped = this.#gzip(plain);
    this.#kept.set(text, zipped);
    this.#chars += text.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#chars <= MAX_KEPT_CHARS) break;
      this.#kept.delete(oldest);
      this.#chars -= oldest.length;
    }
    return zipped;
  }
}
