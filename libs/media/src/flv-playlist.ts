import { isAudioSequenceHeader } from './codec-audio.js';
import { isVideoSequenceHeader } from './codec-video.js';
import type { FlvTag } from './flv.js';
import { MessageType } from './rtmp-message.js';

/** Between the last frame of a round and the first of the next, ms: a frame of 25 fps. */
const GAP_MS = 40;

/**
 * A file's tags in the order and at the times at which they are to be sent, round after round. Times begin at 0 and
 * never step back; metadata and sequence headers are sent in the first round only, since they stay in force.
 */
export class FlvPlaylist {
  readonly #first: readonly FlvTag[];
  readonly #again: readonly FlvTag[];
  readonly #roundMs: number;
  readonly #rounds: number;
  #round = 0;
  #next = 0;

  constructor(tags: readonly FlvTag[], o: { loop: boolean }) {
    // Sorted: ffmpeg writes the end-of-sequence tag before audio that is earlier. Sorting is stable.
    const media = tags.filter((tag) => !isEndOfSequence(tag)).sort((a, b) => a.timestamp - b.timestamp);
    const start = media[0]?.timestamp ?? 0;
    this.#first = media.map((tag) => ({ ...tag, timestamp: tag.timestamp - start }));
    this.#again = this.#first.filter((tag) => !isHeader(tag));
    this.#roundMs = (this.#first.at(-1)?.timestamp ?? 0) + GAP_MS;
    this.#rounds = this.#again.length === 0 || !o.loop ? 1 : Number.POSITIVE_INFINITY;
  }

  get ended(): boolean {
    return this.#round >= this.#rounds;
  }

  /** The tags that are due at `elapsedMs` after the start and were not given before, at most `limit`. */
  due(elapsedMs: number, limit: number): FlvTag[] {
    const due: FlvTag[] = [];
    while (!this.ended && due.length < limit) {
      const tags = this.#round === 0 ? this.#first : this.#again;
      const tag = tags[this.#next];
      if (tag === undefined) {
        this.#round += 1;
        this.#next = 0;
        continue;
      }
      const timestamp = this.#round * this.#roundMs + tag.timestamp;
      if (timestamp > elapsedMs) break;
      due.push({ ...tag, timestamp: timestamp >>> 0 });
      this.#next += 1;
    }
    return due;
  }
}

function isHeader(tag: FlvTag): boolean {
  if (tag.typeId === MessageType.video) return isVideoSequenceHeader(tag.payload);
  if (tag.typeId === MessageType.audio) return isAudioSequenceHeader(tag.payload);
  return true;
}

/** AVC packet type 2. */
function isEndOfSequence(tag: FlvTag): boolean {
  return tag.typeId === MessageType.video && (tag.payload[0]! & 0x0f) === 7 && tag.payload[1] === 2;
}
