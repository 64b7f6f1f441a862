import type { RtmpMessage } from '@dolphin/media';
import type { Origin } from '../domain/vhost-settings.js';

/** One connection to an upstream server, as player or as publisher of one stream. */
export interface Upstream {
  /** Ends it without a further event. */
  close(): void;
  /** A publisher's media. False: the upstream is behind; stop reading until `drained`. */
  send(messages: readonly RtmpMessage[]): boolean;
}

/** What comes of a connection. After `ended` nothing comes any more. */
export interface UpstreamEvents {
  /** The upstream agreed to play or publish. */
  started(): void;
  /** Payloads are the receiver's until it returns. `gathered`: they have waited for `gatherMs` at most, and may not wait more. */
  media(messages: readonly RtmpMessage[], gathered?: boolean): void;
  drained(): void;
  /** `refused`: it said no, with its code. `lost`: the connection broke, timed out, or the stream ended. */
  ended(end: { how: 'refused' | 'lost'; code: string; why: string }): void;
}

export interface UpstreamRequest {
  readonly mode: 'play' | 'publish';
  readonly origin: Origin;
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  readonly query: string;
  /** Server ids that the stream has passed, this one's last. */
  readonly hops: readonly string[];
  readonly connectTimeoutMs: number;
  /** Without a byte for that long it is lost; 0: never. */
  readonly receiveTimeoutMs: number;
  /** Media may wait for so long before they are handed on, to be read all at once; 0: not at all. */
  readonly gatherMs: number;
}

export type Dial = (request: UpstreamRequest, events: UpstreamEvents) => Upstream;
