import type { AmfObject, AmfValue } from './amf0.js';
import { isAmfObject } from './amf0.js';
import { ChunkReader } from './chunk-reader.js';
import {
  type Command,
  commandMessage,
  controlMessage,
  decodeCommand,
  objectOf,
  stringOf,
  userControlMessage,
} from './commands.js';
import { ConnectionControl, isControl } from './connection-control.js';
import { ClientHandshake } from './handshake.js';
import { hopsArgument, probeArgument } from './hops.js';
import { MediaError } from './media-error.js';
import { mediaOf } from './media-message.js';
import {
  ChunkStream,
  MEDIA_CHUNK_SIZE,
  MESSAGE_STREAM_ID,
  MessageType,
  mediaChunkStream,
  type RtmpMessage,
  UserControl,
} from './rtmp-message.js';
import { type RtmpUrl, tcUrlOf } from './rtmp-url.js';
import { SessionOutput } from './session-output.js';

export interface ClientSessionOptions {
  /** connect: it connects, hears whether it may, and asks for nothing more. */
  mode: 'play' | 'publish' | 'connect';
  url: RtmpUrl;
  /** Server ids that the stream has passed already, this server's own last. */
  hops?: readonly string[];
  /** Announced to the server. */
  chunkSize?: number;
  maxMessageBytes?: number;
  maxChunkStreams?: number;
  /** Commands and media not yet taken. 8 MiB: some seconds of any live stream; the caller stops feeding before. */
  maxOutputBytes?: number;
  flashVer?: string;
  /** What connect says of the client in place of `url`, for a server that speaks for another. */
  client?: ConnectingClient;
}

/** What a client's connect says of it. */
export interface ConnectingClient {
  tcUrl: string;
  pageUrl: string;
  swfUrl: string;
  /** Its further connect arguments. */
  args?: AmfObject;
}

export type ClientEvent =
  /** The server agreed: media comes, or may be sent; or, if that was all, to the connection. (SRS says so before it knows whether the name is free.) */
  | { type: 'started' }
  /** What came between two other events. */
  | { type: 'media'; messages: RtmpMessage[] }
  /** The server's own code and words. `redirect`: where it wants us to go. The connection is of no more use. */
  | { type: 'refused'; code: string; why: string; redirect?: string }
  /** The stream is over at the server's end. */
  | { type: 'ended'; why: string };

const WINDOW_BYTES = 2_500_000;
const BUFFER_MS = 1000;
/** Transactions, fixed: each is used once. */
const CONNECT = 1;
const RELEASE_STREAM = 2;
const FC_PUBLISH = 3;
const CREATE_STREAM = 4;
const PUBLISH = 5;
const FC_UNPUBLISH = 6;

const END_CODES = new Set([
  'NetStream.Play.UnpublishNotify',
  'NetStream.Play.Stop',
  'NetStream.Play.Complete',
  'NetStream.Unpublish.Success',
  'NetConnection.Connect.Closed',
]);

/**
 * The client's end of a connection that plays or publishes one stream. Pure: start() once, then push what arrives and
 * write what takeOutput gives, after start and after each push, sendMedia and stop. push throws MediaError: the
 * connection is to be closed.
 */
export class RtmpClientSession {
  readonly #o: ClientSessionOptions;
  /** Null when it is over: it keeps what it has collected. */
  #handshake: ClientHandshake | null = new ClientHandshake();
  readonly #reader: ChunkReader;
  readonly #output: SessionOutput;
  readonly #control: ConnectionControl;
  #state: 'new' | 'handshake' | 'connecting' | 'creating' | 'asked' | 'started' | 'over' = 'new';
  #streamId = MESSAGE_STREAM_ID;

  constructor(o: ClientSessionOptions) {
    this.#o = o;
    this.#reader = new ChunkReader({
      ...(o.maxMessageBytes === undefined ? {} : { maxMessageBytes: o.maxMessageBytes }),
      ...(o.maxChunkStreams === undefined ? {} : { maxChunkStreams: o.maxChunkStreams }),
    });
    this.#output = new SessionOutput(o.maxOutputBytes ?? 8 * 1024 * 1024);
    this.#control = new ConnectionControl(this.#output);
  }

  get receivedBytes(): number {
    return this.#control.receivedBytes;
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'handshake';
    if (this.#handshake !== null) this.#takeOutputOf(this.#handshake);
  }

  push(data: Buffer): ClientEvent[] {
    const events: ClientEvent[] = [];
    this.#control.received(data.length);
    let chunks = data;
    if (this.#handshake !== null) {
      const step = this.#handshake.push(data);
      this.#takeOutputOf(this.#handshake);
      if (!step.done) return events;
      this.#handshake = null;
      chunks = step.rest;
      this.#connect();
    }
    this.#reader.read(chunks, (message) => this.#onMessage(message, events));
    this.#control.acknowledge();
    return events;
  }

  takeOutput(): Buffer | null {
    return this.#output.take();
  }

  /** Sends audio, video or AMF0 data once started; the message stream id is the session's. */
  sendMedia(m: RtmpMessage): void {
    if (this.#o.mode !== 'publish') throw new Error('sendMedia of a player');
    if (this.#state !== 'started') return;
    this.#output.message({ ...m, streamId: this.#streamId }, mediaChunkStream(m.typeId));
  }

  /** Says goodbye; the connection may be closed once the output is written. */
  stop(): void {
    if (this.#state === 'asked' || this.#state === 'started') {
      if (this.#o.mode === 'publish') {
        this.#send(commandMessage(0, 'FCUnpublish', FC_UNPUBLISH, null, this.#streamName()));
      } else {
        this.#send(commandMessage(this.#streamId, 'closeStream', 0, null));
      }
      this.#send(commandMessage(0, 'deleteStream', 0, null, this.#streamId));
    }
    this.#state = 'over';
  }

  #takeOutputOf(handshake: ClientHandshake): void {
    for (const part of handshake.takeOutput()) this.#output.raw(part);
  }

  #connect(): void {
    this.#state = 'connecting';
    const { url, mode } = this.#o;
    const client: ConnectingClient = this.#o.client ?? { tcUrl: tcUrlOf(url), pageUrl: '', swfUrl: '' };
    const object = {
      app: url.app,
      ...(mode === 'publish' ? { type: 'nonprivate' } : {}),
      flashVer: this.#o.flashVer ?? 'FMLE/3.0 (compatible; dolphin)',
      swfUrl: client.swfUrl,
      tcUrl: client.tcUrl,
      fpad: false,
      capabilities: 239,
      audioCodecs: 3575,
      videoCodecs: 252,
      videoFunction: 1,
      pageUrl: client.pageUrl,
      objectEncoding: 0,
    };
    const probe = mode === 'connect' ? probeArgument() : {};
    const args: AmfObject = { ...client.args, ...hopsArgument(this.#o.hops ?? []), ...probe };
    this.#send(commandMessage(0, 'connect', CONNECT, object, ...(Object.keys(args).length === 0 ? [] : [args])));
    this.#sendControl(controlMessage(MessageType.windowAckSize, WINDOW_BYTES));
  }

  #onMessage(m: RtmpMessage, events: ClientEvent[]): void {
    if (isControl(m.typeId)) {
      this.#control.onMessage(m);
    } else if (m.typeId === MessageType.commandAmf0 || m.typeId === MessageType.commandAmf3) {
      const command = decodeCommand(m);
      if (command !== null) this.#onCommand(command, events);
    } else if (this.#o.mode === 'play' && (this.#state === 'asked' || this.#state === 'started')) {
      for (const message of mediaOf(m)) this.#onMedia(message, events);
    }
  }

  /** A read brings dozens of messages: they are one event and one list. */
  #onMedia(message: RtmpMessage, events: ClientEvent[]): void {
    this.#started(events);
    const last = events.at(-1);
    if (last?.type === 'media') last.messages.push(message);
    else events.push({ type: 'media', messages: [message] });
  }

  #onCommand(c: Command, events: ClientEvent[]): void {
    if (c.name === '_result') this.#onResult(c, events);
    else if (c.name === '_error') this.#onError(c, events);
    else if (c.name === 'onStatus') this.#onStatus(objectOf(c.args[0]), events);
    else if (c.name === 'close') this.#ended('the server closed the connection', events);
  }

  #onResult(c: Command, events: ClientEvent[]): void {
    if (c.transaction === CONNECT && this.#state === 'connecting') {
      if (this.#o.mode === 'connect') {
        this.#state = 'over';
        events.push({ type: 'started' });
        return;
      }
      this.#state = 'creating';
      this.#output.setChunkSize(this.#o.chunkSize ?? MEDIA_CHUNK_SIZE);
      if (this.#o.mode === 'publish') {
        this.#send(commandMessage(0, 'releaseStream', RELEASE_STREAM, null, this.#streamName()));
        this.#send(commandMessage(0, 'FCPublish', FC_PUBLISH, null, this.#streamName()));
      }
      this.#send(commandMessage(0, 'createStream', CREATE_STREAM, null));
    } else if (c.transaction === CREATE_STREAM && this.#state === 'creating') {
      const id = c.args[0];
      if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > 0xffffffff) {
        throw new MediaError('command', 'createStream was answered without a stream id');
      }
      this.#streamId = id;
      this.#ask();
    }
  }

  #ask(): void {
    this.#state = 'asked';
    if (this.#o.mode === 'publish') {
      const publish = commandMessage(this.#streamId, 'publish', PUBLISH, null, this.#streamName(), 'live');
      this.#output.message(publish, ChunkStream.streamCommand);
      return;
    }
    const play = commandMessage(this.#streamId, 'play', 0, null, this.#streamName());
    this.#output.message(play, ChunkStream.streamCommand);
    this.#sendControl(userControlMessage(UserControl.setBufferLength, this.#streamId, BUFFER_MS));
  }

  #onError(c: Command, events: ClientEvent[]): void {
    // releaseStream and FCPublish are courtesies: servers that do not know them may say so.
    if (c.transaction === RELEASE_STREAM || c.transaction === FC_PUBLISH) return;
    this.#refuse(c.args[0], events);
  }

  #onStatus(info: AmfValue, events: ClientEvent[]): void {
    const code = stringOf(info, 'code') ?? '';
    if (code === 'NetStream.Play.Start' || code === 'NetStream.Publish.Start') this.#started(events);
    else if (stringOf(info, 'level') === 'error') this.#refuse(info, events);
    else if (END_CODES.has(code)) this.#ended(code, events);
  }

  #started(events: ClientEvent[]): void {
    if (this.#state !== 'asked') return;
    this.#state = 'started';
    events.push({ type: 'started' });
  }

  #refuse(info: AmfValue, events: ClientEvent[]): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    const redirect = isAmfObject(info) ? stringOf(info['ex'], 'redirect') : undefined;
    events.push({
      type: 'refused',
      code: stringOf(info, 'code') ?? 'unknown',
      why: stringOf(info, 'description') ?? 'the server gave no reason',
      ...(redirect === undefined ? {} : { redirect }),
    });
  }

  #ended(why: string, events: ClientEvent[]): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    events.push({ type: 'ended', why });
  }

  #streamName(): string {
    const { stream, query } = this.#o.url;
    return query === '' ? stream : `${stream}?${query}`;
  }

  #send(m: RtmpMessage): void {
    this.#output.message(m, ChunkStream.command);
  }

  #sendControl(m: RtmpMessage): void {
    this.#output.message(m, ChunkStream.control);
  }
}
