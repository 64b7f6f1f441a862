import type { ByteAccount, FrameKind, RtmpMessage } from '@dolphin/media';
import type { FirstNumbers } from '../domain/hls-numbers.js';
import { HlsSegmenter, type Segment } from '../domain/hls-segmenter.js';
import type { HlsSettings } from '../domain/hls-settings.js';
import { HlsWindow } from '../domain/hls-window.js';
import type { Timers } from './ports.js';
import type { StreamTap } from './stream-tap.js';

export interface HlsStreamOptions {
  readonly settings: HlsSettings;
  /** It is pulled: segments are made only while somebody asks for them, and the first ones are short. */
  readonly isPulled: boolean;
  /** Segments and discontinuities count from here. */
  readonly numbers: FirstNumbers;
  /** The account of all streams' segments. */
  readonly total: ByteAccount;
  readonly timers: Timers;
  /** It holds more: a segment was added, or the open one grew by OPEN_STEP_BYTES. */
  onGrown(): void;
  /** A frame has no place in a segment. */
  onDropped(): void;
  /** The stream is over; it may come again. */
  onClosed(): void;
}

/** An open segment may grow by so much before anybody looks whether there is room for it. */
const OPEN_STEP_BYTES = 1024 * 1024;

/** The segments of one stream, over all its publishers. Made once, whoever plays them. */
export class HlsStream implements StreamTap {
  readonly window: HlsWindow;
  readonly #segmenter: HlsSegmenter;
  readonly #o: HlsStreamOptions;
  #isWanted: boolean;
  /** The source's headers, for a segmenter that begins later. */
  #headers: Partial<Record<'video-header' | 'audio-header', RtmpMessage>> = {};
  /** Of the open segment, as far as `total` knows. */
  #openBytes = 0;
  readonly #waiting = new Set<() => void>();

  constructor(o: HlsStreamOptions) {
    const { settings, isPulled, numbers, total } = o;
    this.#o = o;
    this.#isWanted = !isPulled;
    this.#segmenter = new HlsSegmenter({ ...settings, startsShort: isPulled }, () => o.onDropped());
    this.window = new HlsWindow({ ...settings, ...numbers, total });
  }

  get bytes(): number {
    return this.window.bytes + this.#openBytes;
  }

  /** Its oldest segment goes, the open one last. */
  giveUp(): void {
    if (this.window.dropOldest()) return;
    this.#segmenter.giveUp();
    this.#countOpen();
  }

  /** Another source begins, after a reload perhaps. */
  useSettings(settings: HlsSettings): void {
    this.#segmenter.useRules({ ...settings, startsShort: this.#o.isPulled });
    this.window.useLengths(settings);
  }

  /** Somebody asks for it from now on. */
  want(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    for (const kind of ['video-header', 'audio-header'] as const) {
      const header = this.#headers[kind];
      if (header !== undefined) this.#add(this.#segmenter.message(header, kind));
    }
  }

  /** Nobody asks any more: what it has grows old. */
  rest(): void {
    this.#isWanted = false;
    this.#segmenter.sourceEnded();
    this.#countOpen();
    this.window.clear();
  }

  /** True as soon as there is a segment; false if there is none after `ms`. */
  whenListed(ms: number): Promise<boolean> {
    if (this.window.listed.length > 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        cancel();
        resolve(this.window.listed.length > 0);
      };
      const cancel = this.#o.timers.after(ms, done);
      this.#waiting.add(done);
    });
  }

  message(message: RtmpMessage, kind: FrameKind): void {
    if (kind === 'video-header' || kind === 'audio-header') {
      this.#headers[kind] = { ...message, payload: Buffer.from(message.payload) };
    }
    if (this.#isWanted) this.#add(this.#segmenter.message(message, kind));
  }

  sourceEnded(): void {
    this.#headers = {};
    if (this.#isWanted) this.#add(this.#segmenter.sourceEnded());
  }

  closed(): void {
    this.sourceEnded();
    this.#o.onClosed();
  }

  #add(segment: Segment | null): void {
    this.#countOpen();
    if (segment === null) return;
    this.window.add(segment);
    this.#o.onGrown();
    for (const done of [...this.#waiting]) done();
  }

  #countOpen(): void {
    const before = this.#openBytes;
    this.#openBytes = this.#segmenter.openBytes;
    this.#o.total.add(this.#openBytes - before);
    if (Math.floor(this.#openBytes / OPEN_STEP_BYTES) > Math.floor(before / OPEN_STEP_BYTES)) this.#o.onGrown();
  }
}
