import {
  type AmfObject,
  decodeAmf0,
  EcmaArray,
  encodeAmf0,
  encodeFlvTag,
  type FrameKind,
  flvHeader,
  isAmfObject,
  MessageType,
  messagesToStart,
  type RtmpMessage,
  type StreamHeaders,
} from '@dolphin/media';

/** Bytes to be written over what stands at `at` in the file. */
export interface Patch {
  readonly at: number;
  readonly bytes: Buffer;
}

export interface RecordingRules {
  readonly waitKeyFrame: boolean;
  readonly zeroBased: boolean;
  /** Stands in the metadata, as SRS has it there. */
  readonly service: string;
}

/** Of an AMF0 object: its end, and a number with its marker. */
const OBJECT_END_BYTES = 3;
const NUMBER_BYTES = 9;
const DURATION_KEY_BYTES = 2 + 'duration'.length;
/** The flags in a file's header. */
const FLAGS_AT = 4;
/** Metadata is a page of numbers; what is longer is left out. */
const MAX_METADATA_BYTES = 64 * 1024;

/**
 * The bytes of one recording: whole tags one after the other, so that what stands on the disk is a file that plays at any
 * moment; duration, size and tracks, which only its end knows, are written over zeros then.
 */
export class FlvRecording {
  readonly #rules: RecordingRules;
  #bytes = 0;
  #baseMs: number | null = null;
  #firstMs = 0;
  #lastMs = 0;
  #hasVideo = false;
  #hasAudio = false;
  #durationAt = 0;

  constructor(rules: RecordingRules) {
    this.#rules = rules;
  }

  get durationMs(): number {
    return this.#lastMs - this.#firstMs;
  }

  /**
   * What is written for this message, or null. The first frame has the file's header, the metadata and the headers in
   * force in front; a header that comes later is written where it comes.
   */
  add(message: RtmpMessage, kind: FrameKind, headers: StreamHeaders): Buffer | null {
    switch (kind) {
      case 'metadata':
      case 'data':
        return null;
      case 'video-header':
      case 'audio-header':
      case 'track-header':
        return this.#baseMs === null ? null : this.#tag(message);
      case 'video':
        if (this.#rules.waitKeyFrame && !this.#hasVideo) return null;
        return this.#frame(message, headers);
      case 'key-frame':
      case 'audio':
        return this.#frame(message, headers);
      default:
        return kind satisfies never;
    }
  }

  /** What its end writes over; empty before the first frame. */
  finish(): readonly Patch[] {
    if (this.#baseMs === null) return [];
    const sizeAt = this.#durationAt - DURATION_KEY_BYTES - NUMBER_BYTES;
    const flags = flvHeader({ audio: this.#hasAudio, video: this.#hasVideo }).subarray(FLAGS_AT, FLAGS_AT + 1);
    return [
      { at: FLAGS_AT, bytes: flags },
      { at: sizeAt, bytes: encodeAmf0(this.#bytes) },
      { at: this.#durationAt, bytes: encodeAmf0(this.durationMs / 1000) },
    ];
  }

  #frame(message: RtmpMessage, headers: StreamHeaders): Buffer {
    const start = this.#baseMs === null ? this.#start(message.timestamp, headers) : null;
    if (message.typeId === MessageType.video) this.#hasVideo = true;
    else this.#hasAudio = true;
    const tag = this.#tag(message);
    return start === null ? tag : Buffer.concat([start, tag]);
  }

  #start(timestamp: number, headers: StreamHeaders): Buffer {
    this.#baseMs = this.#rules.zeroBased ? timestamp : 0;
    this.#firstMs = timestamp - this.#baseMs;
    this.#lastMs = this.#firstMs;
    // Both tracks until it is known better, as SRS has it.
    const head = flvHeader({ audio: true, video: true });
    const payload = encodeAmf0('onMetaData', new EcmaArray(this.#metadata(headers.metadata)));
    const data = encodeFlvTag({ typeId: MessageType.dataAmf0, timestamp: 0, payload });
    this.#durationAt = head.length + 11 + payload.length - OBJECT_END_BYTES - NUMBER_BYTES;
    this.#bytes = head.length + data.length;
    const codecs = messagesToStart({ ...headers, metadata: null }, timestamp).map((each) => this.#tag(each));
    return Buffer.concat([head, data, ...codecs]);
  }

  /** The publisher's, but for what is only known at the end: that stands last, for `finish`. */
  #metadata(message: RtmpMessage | null): AmfObject {
    const { duration: _, filesize: __, ...rest } = message === null ? {} : metadataOf(message.payload);
    return { ...rest, service: this.#rules.service, filesize: 0, duration: 0 };
  }

  #tag(message: RtmpMessage): Buffer {
    // Something a bit older than the first frame begins with it.
    const timestamp = Math.max(0, message.timestamp - (this.#baseMs ?? 0));
    const tag = encodeFlvTag({ ...message, timestamp });
    this.#lastMs = Math.max(this.#lastMs, timestamp);
    this.#bytes += tag.length;
    return tag;
  }
}

/** What cannot be read is left out: a recording without it plays. */
function metadataOf(payload: Buffer): AmfObject {
  if (payload.length > MAX_METADATA_BYTES) return {};
  try {
    const found = decodeAmf0(payload).find(isAmfObject) ?? {};
    // Written once here, so that what is later written again cannot fail on it.
    encodeAmf0(found);
    return found;
  } catch {
    return {};
  }
}
