import { MediaError, type RtmpMessage } from '@dolphin/media';
import { FlowBudget } from './flow-budget.js';
import { frameKindOf } from './frame-kind.js';

/**
 * Commands, acknowledgements, pings and the like of one connection. Players ask a dozen times and acknowledge some times a
 * second at most; each answer costs as much as reading a hundred times its bytes. Above this a client is closed.
 */
const ASKED_PER_SECOND = 100;
const ASKED_AT_ONCE = 1000;
/**
 * Media messages of one publisher: 240 frames and 100 pieces of audio a second are six times less, and a minute that was
 * held up may come at once. What comes faster (a file that is pushed, a flood) is not read until it is its time.
 */
const MEDIA_PER_SECOND = 2000;
const MEDIA_AT_ONCE = 20_000;
/** One of each for all clients. */
const ASKED = { perSecond: ASKED_PER_SECOND, burst: ASKED_AT_ONCE } as const;
const MEDIA = { perSecond: MEDIA_PER_SECOND, burst: MEDIA_AT_ONCE } as const;
/** A key frame or sequence header begins a slab, which is a write to each player. So does a change of codec, by OTHER_FRAMES and one more. */
export const CUT_COST = 10;
/** A publisher that has too much to say is read again after this at the latest, or it would time out unheard. */
const MAX_PAUSE_MS = 2000;

/** What messages of one publisher count for. */
export function mediaCost(messages: readonly RtmpMessage[]): number {
  let cost = 0;
  for (const message of messages) cost += cuts(message) ? CUT_COST : 1;
  return cost;
}

function cuts(message: RtmpMessage): boolean {
  const kind = frameKindOf(message);
  return kind === 'key-frame' || kind === 'video-header' || kind === 'audio-header';
}

/** How fast one RTMP client goes. */
export class ClientPace {
  readonly #asks: FlowBudget;
  readonly #media: FlowBudget;
  #asked = 0;

  constructor(nowMs: number) {
    this.#asks = new FlowBudget(ASKED, nowMs);
    this.#media = new FlowBudget(MEDIA, nowMs);
  }

  /** `work`: all that it asked so far. Throws MediaError `limit` if it asks faster than a client does. */
  asked(work: number, nowMs: number): void {
    const more = work - this.#asked;
    this.#asked = work;
    if (this.#asks.take(more, nowMs) === 0) return;
    throw new MediaError('limit', `it asks more than ${ASKED_PER_SECOND} times a second`);
  }

  /** Milliseconds for which it is not to be read after these messages; 0: it goes at a live source's pace. */
  pauseAfter(messages: readonly RtmpMessage[], nowMs: number): number {
    return Math.min(MAX_PAUSE_MS, this.#media.take(mediaCost(messages), nowMs));
  }
}
