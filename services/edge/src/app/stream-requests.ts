import type { StreamKey } from '../domain/stream-key.js';
import type { VhostSettings } from '../domain/vhost-settings.js';

/** Somebody who may come in wants a stream. */
export interface PlayRequest {
  readonly key: StreamKey;
  readonly settings: VhostSettings;
  readonly query: string;
  /** Server ids that asked before us; empty: a viewer. */
  readonly hops: readonly string[];
  readonly address: string;
  /** An edge of this host, by more than its own word: it asks for many viewers. */
  readonly isEdge: boolean;
}

export type PublishRequest = Omit<PlayRequest, 'address' | 'isEdge'>;
