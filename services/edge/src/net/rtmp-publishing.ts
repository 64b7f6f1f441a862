import type { RtmpMessage } from '@dolphin/media';
import type { Beats } from '../app/beats.js';
import type { Timers } from '../app/ports.js';
import type { PublishPath } from '../app/publisher.js';
import type { ClientPace } from '../domain/client-pace.js';
import { PublishWatch } from '../domain/publish-watch.js';
import type { StreamKey } from '../domain/stream-key.js';
import type { VhostSettings } from '../domain/vhost-settings.js';
import { ReadBeat } from './read-beat.js';
import type { ReadHolds } from './read-holds.js';
import { readInto } from './shared-reads.js';

export interface RtmpPublishingOptions {
  readonly key: StreamKey;
  readonly path: PublishPath;
  readonly settings: VhostSettings;
  readonly timers: Timers;
  readonly beats: Beats;
  /** Of its client. */
  readonly pace: ClientPace;
  readonly reads: ReadHolds;
}

/** One stream that a client publishes: where its media go, when they are read, and whether they come. */
export class RtmpPublishing {
  readonly key: StreamKey;
  readonly #o: RtmpPublishingOptions;
  readonly #watch: PublishWatch;
  /** Null: it is read as it comes. */
  readonly #beat: ReadBeat | null;

  constructor(o: RtmpPublishingOptions) {
    const { key, path, settings, timers, beats, reads } = o;
    this.key = key;
    this.#o = o;
    this.#watch = new PublishWatch(settings, timers.now());
    this.#beat = path.gatherMs === 0 ? null : new ReadBeat(beats, path.gatherMs, () => reads.letGo('beat'));
  }

  /** To be called after each read of so many bytes. The answer: what it brought has waited in the kernel. */
  wasRead(bytes: number): boolean {
    const next = this.#beat?.after(bytes, bytes < readInto.length) ?? 'on';
    if (next === 'rest') this.#o.reads.hold('beat');
    return next !== 'on';
  }

  /** If its end has come it is to show now. False: it shows anyway. */
  look(): boolean {
    this.#beat?.stayAwake();
    return this.#beat !== null;
  }

  media(messages: readonly RtmpMessage[], gathered: boolean): void {
    const { path, timers, pace, reads } = this.#o;
    const nowMs = timers.now();
    const pauseMs = pace.pauseAfter(messages, nowMs);
    reads.holdBack(pauseMs);
    // While it is held back it cannot show that it is there.
    this.#watch.packet(nowMs + pauseMs);
    if (path.media(messages, gathered)) reads.letGo('upstream');
    else reads.hold('upstream');
  }

  isLate(nowMs: number): boolean {
    return this.#watch.isLate(nowMs);
  }

  end(): void {
    const { path, reads } = this.#o;
    this.#beat?.stop();
    path.end();
    reads.letGo('beat');
    reads.letGo('upstream');
  }
}
