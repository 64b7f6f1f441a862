import type { AmfObject } from '@dolphin/media';
import type { StreamKey } from './stream-key.js';
import type { VhostSettings } from './vhost-settings.js';

/** Who connected, before a stream is named. */
export interface Visitor {
  /** Its id in the API. */
  readonly id: string;
  readonly address: string;
  /** Of HTTP only that it is: what a page says of itself is checked of RTMP clients alone, as in SRS. */
  readonly over: 'rtmp' | 'http';
  /** As the client said it; of HTTP the RTMP address that its URL stands for. */
  readonly tcUrl: string;
  readonly pageUrl: string;
  readonly swfUrl: string;
  /** Its further arguments of connect, as they came: for the origin, which may look for a token in them. */
  readonly args: AmfObject;
  /** Server ids that its connection has passed. */
  readonly hops: readonly string[];
}

/** Somebody who wants to play or publish a stream. */
export interface Visit extends Visitor {
  readonly use: 'play' | 'publish';
  readonly key: StreamKey;
  readonly settings: VhostSettings;
  /** Of the stream's name or URL, without the question mark. */
  readonly query: string;
}

/** Why somebody may not come in: `by` which of the conf's rules. */
export interface Refusal {
  readonly by: 'refer' | 'security' | 'hook' | 'token';
  readonly why: string;
}
