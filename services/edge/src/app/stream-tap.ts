import type { FrameKind, RtmpMessage } from '@dolphin/media';
import type { StreamKey } from '../domain/stream-key.js';
import type { VhostSettings } from '../domain/vhost-settings.js';

/**
 * Takes a stream's messages beside its players: one that packs or records them. It is called within the stream's own
 * turn, so it neither throws nor waits: what goes wrong with it is its own matter, and no player's.
 */
export interface StreamTap {
  /** The next message as players get it, in the stream's time; `kind` is what it is. Its payload is theirs until it returns. */
  message(message: RtmpMessage, kind: FrameKind): void;
  /** The source is gone. Another one may follow, with headers of its own. */
  sourceEnded(): void;
  /** The stream is over. */
  closed(): void;
}

/** What taps a stream, by its vhost's settings; asked once, when the stream begins to be. */
export type TapsOf = (key: StreamKey, settings: VhostSettings) => readonly StreamTap[];
