import type { AmfObject } from './amf0.js';
import type { RtmpMessage } from './rtmp-message.js';
import type { NamedStream } from './rtmp-url.js';

/** What a client asked or sent. Names and queries are the client's own words: hostile until checked. */
export type ServerEvent =
  /** A relay's header told the client's address (only with allowProxyHeader). */
  | { type: 'proxy-header'; address: string }
  | ConnectEvent
  | PublishEvent
  | PlayEvent
  /** Answered already. Pause freezes, on: false goes on. */
  | { type: 'pause'; on: boolean }
  /** The publisher ended its stream (FCUnpublish, deleteStream, closeStream); it may publish again. */
  | { type: 'unpublish' }
  /** The player ended; it may play again. */
  | { type: 'close-stream' }
  /** Audio, video or AMF0 data of a publisher, from `publish` to `unpublish`, also before acceptPublish. */
  | { type: 'media'; message: RtmpMessage }
  /** What the client has received so far, uint32. */
  | { type: 'ack'; bytes: number };

/** To be answered by acceptConnect or rejectConnect. */
export interface ConnectEvent {
  type: 'connect';
  tcUrl: string;
  host: string;
  port: number;
  /** Of the tcUrl's vhost=, or its host. A stream's own ?vhost= goes before it. */
  vhost: string;
  app: string;
  /** What follows the question mark of the tcUrl or the app. */
  query: string;
  pageUrl?: string;
  swfUrl?: string;
  flashVer?: string;
  /** Server ids that this connection's stream has passed, nearest the viewer first. */
  hops: string[];
  /** Further connect arguments. */
  args: AmfObject;
}

/** To be answered by acceptPublish or rejectPublish. */
export interface PublishEvent extends NamedStream {
  type: 'publish';
  /** By the order of its commands, as SRS tells encoders apart: FMLE announces the stream first, Haivision later. */
  encoder: EncoderKind;
}

export type EncoderKind = 'fmle' | 'haivision' | 'flash';

/** To be answered by acceptPlay or rejectPlay. */
export interface PlayEvent extends NamedStream {
  type: 'play';
  /** As the client said; -2 if it did not. Live players are not seeked by it. */
  start: number;
  /** Milliseconds to play, as SRS reads it; below 0: until the end. */
  duration: number;
}
