import { ByteAccount } from '@dolphin/media';
import type { HlsAddress } from '../domain/hls-address.js';
import { firstNumbersAt } from '../domain/hls-numbers.js';
import { keyText, type StreamKey } from '../domain/stream-key.js';
import type { VhostSettings } from '../domain/vhost-settings.js';
import { HlsStream } from './hls-stream.js';
import type { Timers } from './ports.js';
import type { TroubleCounts } from './server.js';
import type { PlayRequest } from './stream-requests.js';
import type { StreamTap } from './stream-tap.js';
import type { Streams } from './streams.js';

/**
 * Bytes of all streams' segments together, open ones included; beyond that streams that ended go first, then whichever
 * stream has most gives up its oldest: who publishes many bits takes nothing from those of few.
 */
export const TOTAL_SEGMENT_BYTES = 512 * 1024 * 1024;
/** Streams that ended and whose segments can still be had. */
const MAX_ENDED = 1000;
/** A stream that is pulled is held so long after the last request for its playlist: a player asks each few seconds. */
const MIN_HOLD_MS = 15_000;
/** And for so many segments, where those are long. */
const HOLD_SEGMENTS = 3;

interface Row {
  readonly stream: HlsStream;
  /** How long its segments can be had after its end. */
  keepMs: number;
  cancelDispose: (() => void) | null;
  /** Of a stream that is pulled for its playlist. */
  hold: { release: () => void; cancel: () => void } | null;
}

/** All streams that have segments. What is pulled is pulled for as long as somebody asks for its playlist. */
export class HlsStreams {
  readonly #rows = new Map<string, Row>();
  /** Those whose stream is over, the oldest first. */
  readonly #ended = new Set<string>();
  readonly #total: ByteAccount;
  readonly #timers: Timers;
  readonly #unixSeconds: () => number;
  readonly #trouble: Pick<TroubleCounts, 'hlsDropped'>;

  /** `unixSeconds`: numbers of segments begin with it, so that they rise over restarts, too. */
  constructor(o: {
    timers: Timers;
    unixSeconds: () => number;
    trouble: Pick<TroubleCounts, 'hlsDropped'>;
    totalBytes?: number;
  }) {
    this.#total = new ByteAccount(o.totalBytes ?? TOTAL_SEGMENT_BYTES);
    this.#trouble = o.trouble;
    this.#timers = o.timers;
    this.#unixSeconds = o.unixSeconds;
  }

  /** What a stream that begins is to feed. */
  tapsOf(key: StreamKey, { hls, origins }: VhostSettings): readonly StreamTap[] {
    if (hls === null) return [];
    const text = keyText(key);
    const known = this.#rows.get(text);
    const keepMs = origins !== null ? 0 : hls.disposeMs;
    if (known !== undefined) {
      known.stream.useSettings(hls);
      known.keepMs = keepMs;
      known.cancelDispose?.();
      known.cancelDispose = null;
      this.#ended.delete(text);
      return [known.stream];
    }
    const stream = new HlsStream({
      settings: hls,
      isPulled: origins !== null,
      numbers: firstNumbersAt(this.#unixSeconds()),
      total: this.#total,
      timers: this.#timers,
      onGrown: () => this.#makeRoom(),
      onDropped: () => void this.#trouble.hlsDropped++,
      onClosed: () => this.#end(text),
    });
    this.#rows.set(text, { stream, keepMs, cancelDispose: null, hold: null });
    return [stream];
  }

  find(key: StreamKey): HlsStream | undefined {
    return this.#rows.get(keyText(key))?.stream;
  }

  /** Holds a stream that is pulled, from now on for a while. */
  hold({ hls }: HlsAddress, request: PlayRequest, streams: Streams): void {
    const text = keyText(request.key);
    const before = this.#rows.get(text)?.hold ?? null;
    before?.cancel();
    const release = before?.release ?? streams.hold(request);
    const row = this.#rows.get(text);
    if (row === undefined) {
      release();
      return;
    }
    row.stream.want();
    const holdMs = Math.max(MIN_HOLD_MS, HOLD_SEGMENTS * hls.longestMs);
    const cancel = this.#timers.after(holdMs, () => {
      row.hold = null;
      row.stream.rest();
      release();
    });
    row.hold = { release, cancel };
  }

  #end(text: string): void {
    const row = this.#rows.get(text);
    if (row === undefined) return;
    if (row.keepMs === 0) {
      this.#dispose(text);
      return;
    }
    this.#ended.add(text);
    row.cancelDispose = this.#timers.after(row.keepMs, () => this.#dispose(text));
    this.#makeRoom();
  }

  #makeRoom(): void {
    for (const text of this.#ended) {
      if (!this.#total.isOver && this.#ended.size <= MAX_ENDED) return;
      this.#dispose(text);
    }
    while (this.#total.isOver) {
      const streams = [...this.#rows.values()].map(({ stream }) => stream);
      const most = streams.reduce((a, b) => (b.bytes > a.bytes ? b : a));
      if (most.bytes === 0) return;
      most.giveUp();
    }
  }

  #dispose(text: string): void {
    const row = this.#rows.get(text);
    if (row === undefined) return;
    this.#rows.delete(text);
    this.#ended.delete(text);
    row.cancelDispose?.();
    row.hold?.cancel();
    row.stream.window.clear();
  }
}
