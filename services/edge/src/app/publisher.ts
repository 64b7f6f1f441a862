import type { RtmpMessage } from '@dolphin/media';

/** Who sends a stream's media to this server. */
export interface Publisher {
  readonly id: string;
  /** Told that its stream cannot go on: upstream refused or ended. */
  end(code: string, why: string): void;
  /** The upstream takes media: the client may be told so. */
  ready(): void;
  /** The upstream can take more. */
  resume(): void;
}

/** A publisher's way in: it goes to the stream's players here, or up to an origin. */
export interface PublishPath {
  media(messages: readonly RtmpMessage[]): boolean;
  end(): void;
}
