import type { ServerEvent } from '@dolphin/media';
import type { Player } from '../app/player.js';
import type { PublishPath } from '../app/publisher.js';
import type { PublishWatch } from '../domain/publish-watch.js';
import type { StreamKey } from '../domain/stream-key.js';

/** What an RTMP client is doing. */
export type RtmpClientState =
  | { is: 'new' }
  | { is: 'connected' }
  /** Whether it may play or publish is being asked; `later` is what it said along, a read's worth. */
  | { is: 'asking'; later: ServerEvent[] }
  | { is: 'playing'; key: StreamKey; player: Player }
  | { is: 'publishing'; key: StreamKey; path: PublishPath; watch: PublishWatch }
  /** It was told goodbye. */
  | { is: 'over' };
