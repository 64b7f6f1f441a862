import { type FrameKind, headersAfter, NO_HEADERS, type RtmpMessage, type StreamHeaders } from '@dolphin/media';
import { dvrPath, finalPath, type WallTime } from '../domain/dvr-path.js';
import { type DvrSettings, isRecorded } from '../domain/dvr-settings.js';
import { FlvRecording, type Patch } from '../domain/flv-recording.js';
import { keyText, type StreamKey } from '../domain/stream-key.js';
import type { VhostSettings } from '../domain/vhost-settings.js';
import type { Log } from './ports.js';
import type { StreamTap } from './stream-tap.js';

/** A recording on its way to the disk. Nothing here waits or throws; what goes wrong is told by `onLost`, once. */
export interface RecordingFile {
  write(bytes: Buffer): void;
  /** Writes over, and gives it its name. */
  finish(patches: readonly Patch[], path: string): void;
}

export interface RecordingFiles {
  /** `path` is the name that it will have, but for its duration. `onLost`: it ends here, under its name of a part. */
  open(path: string, onLost: (why: string) => void): RecordingFile;
}

export interface DvrOptions {
  readonly files: RecordingFiles;
  readonly wallTime: () => WallTime;
  readonly log: Log;
  readonly service: string;
}

/** The recording that is under way; without a file it is lost, and only its time is counted. */
interface Begun {
  readonly recording: FlvRecording;
  readonly path: string;
  file: RecordingFile | null;
}

/** What records a stream of that vhost; none where nothing is to be, nor what is pulled: its origin records it. */
export function dvrTaps(key: StreamKey, { dvr, origins }: VhostSettings, o: DvrOptions): readonly StreamTap[] {
  return dvr === null || origins !== null || !isRecorded(dvr, key) ? [] : [new DvrTap(key, dvr, o)];
}

/**
 * Records one stream: a file for each publish, or one after the other. A file that is lost (the disk is full, or slower than
 * the stream) ends there; the next one is begun where it would have been anyway.
 */
class DvrTap implements StreamTap {
  readonly #key: StreamKey;
  readonly #settings: DvrSettings;
  readonly #o: DvrOptions;
  #headers: StreamHeaders = NO_HEADERS;
  #now: Begun | null = null;

  constructor(key: StreamKey, settings: DvrSettings, o: DvrOptions) {
    this.#key = key;
    this.#settings = settings;
    this.#o = o;
  }

  message(message: RtmpMessage, kind: FrameKind): void {
    this.#headers = headersAfter(this.#headers, message, kind);
    if (kind === 'data' || kind === 'metadata') return;
    if (this.#isCutBefore(kind)) this.#finish();
    const { waitKeyFrame, zeroBased } = this.#settings;
    const recording = this.#now?.recording ?? new FlvRecording({ waitKeyFrame, zeroBased, service: this.#o.service });
    const bytes = recording.add(message, kind, this.#headers);
    if (bytes === null) return;
    this.#now ??= this.#begin(recording);
    this.#now.file?.write(bytes);
  }

  sourceEnded(): void {
    this.#finish();
    this.#headers = NO_HEADERS;
  }

  closed(): void {
    this.#finish();
  }

  /** As SRS: where key frames are waited for, nothing else ends a segment. */
  #isCutBefore(kind: FrameKind): boolean {
    const { plan, durationMs, waitKeyFrame } = this.#settings;
    if (plan === 'session' || this.#now === null || this.#now.recording.durationMs < durationMs) return false;
    return !waitKeyFrame || kind === 'key-frame';
  }

  #begin(recording: FlvRecording): Begun {
    const { log, files, wallTime } = this.#o;
    const stream = keyText(this.#key);
    const path = dvrPath(this.#settings.path, this.#key, wallTime());
    if (path === null) {
      log.warn({ stream }, 'not recorded: its name is no name of a file');
      return { recording, path: '', file: null };
    }
    log.info({ stream, path }, 'recording');
    const now: Begun = { recording, path, file: null };
    now.file = files.open(path, (why) => {
      now.file = null;
      log.warn({ stream, path, why }, 'a recording is lost from here on');
    });
    return now;
  }

  #finish(): void {
    if (this.#now === null) return;
    const { recording, path, file } = this.#now;
    this.#now = null;
    file?.finish(recording.finish(), finalPath(path, recording.durationMs));
  }
}
