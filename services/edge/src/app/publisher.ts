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
  /** Has what it sent last read now. False: it is read as it comes, and is there. */
  look(): boolean;
}

/** A publisher's way in: it goes to the stream's players here, or up to an origin. */
export interface PublishPath {
  /** Its media may wait for so long before they are handed on, to be read all at once; 0: not at all. */
  readonly gatherMs: number;
  /**
   * False: it is to be read no more until `resume`. Payloads are the receiver's until it returns. `gathered`: they have waited
   * for `gatherMs` at most.
   */
  media(messages: readonly RtmpMessage[], gathered?: boolean): boolean;
  end(): void;
}
