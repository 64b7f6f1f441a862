import { type AmfObject, type AmfValue, isAmfObject } from './amf0.js';
import { ChunkReader } from './chunk-reader.js';
import { askingLimits, publishingLimits } from './client-limits.js';
import { type Command, decodeCommand } from './commands.js';
import { readConnect } from './connect-command.js';
import { ConnectionControl, isControl } from './connection-control.js';
import { ServerHandshake } from './handshake.js';
import { MediaError } from './media-error.js';
import { mediaOf } from './media-message.js';
import { MEDIA_CHUNK_SIZE, MESSAGE_STREAM_ID, MessageType, type RtmpMessage } from './rtmp-message.js';
import { streamOnConnection, type TcUrl } from './rtmp-url.js';
import { ServerAnswers, WINDOW_BYTES } from './server-answers.js';
import type { EncoderKind, ServerEvent } from './server-events.js';
import { SessionOutput } from './session-output.js';
import type { ByteAccount } from './slab-account.js';

export interface ServerSessionOptions {
  /** Announced before the answer to connect; what is written past the session must be chunked with it. */
  chunkSize?: number;
  /** Of a client that publishes; before that it has nothing larger to say than a command. */
  maxMessageBytes?: number;
  maxChunkStreams?: number;
  /** The account of the unfinished messages of all connections; `dispose` gives back what this one holds. */
  unfinished?: ByteAccount;
  /** Answers held while nobody takes them. 256 KiB: a read of 64 KiB cannot ask for more than twice its size. */
  maxOutputBytes?: number;
  /** After how many bytes the client shall acknowledge; 0: never. */
  windowAckSize?: number;
  /** Believe a relay's F3 header in front of the handshake: only for configured peers. */
  allowProxyHeader?: boolean;
  /** Shown in the answer to connect (`data`), e.g. server and version. */
  serverInfo?: AmfObject;
}

/** What play and publish cost beside another command (`askedWork`): a stream is opened, perhaps dialled for, and told of. */
const USE_WORK = 50;

/**
 * The server's end of one client connection, from the first byte: handshake, chunks, commands. Pure: bytes go in by
 * push, what the client asked comes out as events, and takeOutput has what must be written to it. A question (connect,
 * play, publish) stands until it is answered by accept… or reject…; the session itself never refuses.
 *
 * Order: take the output after each push and each answer, and write media only between, never within, what was taken.
 * push and the answers throw MediaError: the connection is to be closed.
 */
export class RtmpServerSession {
  readonly #o: Required<Pick<ServerSessionOptions, 'chunkSize' | 'windowAckSize'>> & ServerSessionOptions;
  /** Null when it is over. */
  #handshake: ServerHandshake | null;
  readonly #reader: ChunkReader;
  readonly #output: SessionOutput;
  readonly #answers: ServerAnswers;
  readonly #control: ConnectionControl;
  #connect: 'not-asked' | 'asked' | 'accepted' | 'rejected' = 'not-asked';
  #connectTransaction = 1;
  #url: TcUrl | null = null;
  /** As the client said: Flash says 3 and wraps its commands; the answers are AMF0 to everybody (SRS). */
  #objectEncoding = 0;
  /** What it did since its last stream: tells encoders apart. */
  #hasCreated = false;
  #encoder: EncoderKind = 'flash';
  #use: 'none' | 'publish' | 'play' = 'none';
  #askedWork = 0;

  constructor(o: ServerSessionOptions = {}) {
    this.#o = { ...o, chunkSize: o.chunkSize ?? MEDIA_CHUNK_SIZE, windowAckSize: o.windowAckSize ?? WINDOW_BYTES };
    this.#handshake = new ServerHandshake({ allowProxyHeader: o.allowProxyHeader ?? false });
    this.#reader = new ChunkReader(askingLimits(o), o.unfinished ?? null);
    this.#output = new SessionOutput(o.maxOutputBytes ?? 256 * 1024);
    this.#answers = new ServerAnswers(this.#output);
    this.#control = new ConnectionControl(this.#output);
  }

  get receivedBytes(): number {
    return this.#control.receivedBytes;
  }

  /**
   * All that the client asked so far, in units of one small message: what is neither media of a publisher nor of this
   * server's making. Whoever asks faster than any client does is to be closed.
   */
  get askedWork(): number {
    return this.#askedWork;
  }

  /** The connection is gone; nothing is pushed any more. */
  dispose(): void {
    this.#reader.dispose();
  }

  push(data: Buffer): ServerEvent[] {
    const events: ServerEvent[] = [];
    this.#control.received(data.length);
    let chunks = data;
    if (this.#handshake !== null) {
      const addressBefore = this.#handshake.clientAddress;
      const step = this.#handshake.push(data);
      for (const part of this.#handshake.takeOutput()) this.#output.raw(part);
      const address = this.#handshake.clientAddress;
      if (address !== null && addressBefore === null) events.push({ type: 'proxy-header', address });
      if (!step.done) return events;
      this.#handshake = null;
      chunks = step.rest;
    }
    this.#reader.read(chunks, (message) => this.#onMessage(message, events));
    this.#control.acknowledge();
    return events;
  }

  /** What must be written to the client now; null if nothing. */
  takeOutput(): Buffer | null {
    return this.#output.take();
  }

  acceptConnect(): void {
    if (this.#connect !== 'asked') return;
    this.#connect = 'accepted';
    const { windowAckSize, chunkSize, serverInfo = {} } = this.#o;
    const objectEncoding = this.#objectEncoding;
    this.#output.release(() =>
      this.#answers.welcome(this.#connectTransaction, { windowAckSize, chunkSize, objectEncoding, serverInfo }),
    );
  }

  /** `redirect`: a URL to which the client shall go instead. */
  rejectConnect(why: string, o: { redirect?: string } = {}): void {
    if (this.#connect !== 'asked') return;
    this.#connect = 'rejected';
    this.#output.release(() => this.#answers.connectRejected(this.#connectTransaction, why, o.redirect));
  }

  /** `chunkSize`: that of the stream's messages; announced where it is not what connect announced. */
  acceptPlay(chunkSize = this.#output.chunkSize): void {
    if (chunkSize !== this.#output.chunkSize) this.#output.setChunkSize(chunkSize);
    this.#answers.playing();
  }

  /** `code` e.g. NetStream.Play.StreamNotFound. */
  rejectPlay(code: string, why: string): void {
    this.#use = 'none';
    this.#answers.status('error', code, why);
  }

  acceptPublish(): void {
    this.#answers.publishing(this.#encoder !== 'flash');
  }

  /** `code` e.g. NetStream.Publish.BadName. Media that still comes is dropped. */
  rejectPublish(code: string, why: string): void {
    this.#use = 'none';
    this.#answers.status('error', code, why);
  }

  /** Tells a player or publisher something else about its stream, e.g. NetStream.Play.UnpublishNotify. */
  sendStatus(level: 'status' | 'error', code: string, why: string): void {
    this.#answers.status(level, code, why);
  }

  #onMessage(m: RtmpMessage, events: ServerEvent[]): void {
    const isCommand = m.typeId === MessageType.commandAmf0 || m.typeId === MessageType.commandAmf3;
    if (this.#use === 'publish' && !isCommand && !isControl(m.typeId)) {
      for (const message of mediaOf(m)) events.push({ type: 'media', message });
      return;
    }
    this.#askedWork++;
    if (isControl(m.typeId)) {
      const known = this.#control.onMessage(m);
      if (known !== null) events.push({ type: 'ack', bytes: known.ack });
    } else if (isCommand) {
      const command = decodeCommand(m);
      if (command !== null) this.#onCommand(command, events);
    }
  }

  #onCommand(c: Command, events: ServerEvent[]): void {
    switch (c.name) {
      case 'connect':
        this.#onConnect(c, events);
        break;
      case 'createStream':
        this.#hasCreated = true;
        this.#result(c, null, MESSAGE_STREAM_ID);
        break;
      case 'releaseStream':
      case 'FCPublish':
        if (this.#encoder === 'flash') this.#encoder = this.#hasCreated ? 'haivision' : 'fmle';
        this.#result(c, null, undefined);
        break;
      case 'publish':
        this.#onPublish(c, events);
        break;
      case 'play':
        this.#onPlay(c, events);
        break;
      case 'pause':
      case 'pauseRaw':
        this.#onPause(c, events);
        break;
      case 'FCUnpublish':
        this.#onFcUnpublish(c, events);
        break;
      case 'deleteStream':
      case 'closeStream':
        this.#endUse(events);
        break;
      case 'getStreamLength':
        // Live has no length. A null instead of a number draws a warning from ffmpeg.
        this.#result(c, null, 0);
        break;
      case '_result':
      case '_error':
      case 'onStatus':
        break;
      default:
        // _checkbw, seek, receiveAudio, receiveVideo and whatever else: a live server has nothing to say, as SRS.
        if (c.transaction > 0) this.#result(c, null, null);
    }
  }

  #onConnect(c: Command, events: ServerEvent[]): void {
    if (this.#connect !== 'not-asked') throw new MediaError('command', 'connect a second time');
    this.#connect = 'asked';
    this.#connectTransaction = c.transaction;
    // A client that does not wait (connect, createStream, play in one piece) still gets its answers in order.
    this.#output.hold();
    const event = readConnect(c);
    // Not all that it said: it is kept for as long as the client stays.
    const { host, port, vhost, app, query } = event;
    this.#url = { host, port, vhost, app, query };
    if (isAmfObject(c.object) && c.object['objectEncoding'] === 3) this.#objectEncoding = 3;
    events.push(event);
  }

  #onPublish(c: Command, events: ServerEvent[]): void {
    const url = this.#connected(c);
    if (this.#use !== 'none') this.#endUse(events);
    this.#use = 'publish';
    this.#askedWork += USE_WORK;
    this.#reader.limit(publishingLimits(this.#o));
    events.push({ type: 'publish', ...streamOnConnection(url, nameOf(c.args[0])), encoder: this.#encoder });
  }

  #onPlay(c: Command, events: ServerEvent[]): void {
    const url = this.#connected(c);
    this.#endUse(events);
    this.#use = 'play';
    this.#askedWork += USE_WORK;
    const [name, start, duration] = c.args;
    events.push({
      type: 'play',
      ...streamOnConnection(url, nameOf(name)),
      start: typeof start === 'number' ? start : -2,
      duration: typeof duration === 'number' && Number.isFinite(duration) ? duration : -1,
    });
  }

  #onPause(c: Command, events: ServerEvent[]): void {
    if (this.#use !== 'play') return;
    const on = c.args[0] === true;
    this.#answers.paused(on);
    events.push({ type: 'pause', on });
  }

  #onFcUnpublish(c: Command, events: ServerEvent[]): void {
    if (this.#use === 'publish') this.#answers.unpublished(c.transaction);
    else if (c.transaction > 0) this.#result(c, null, undefined);
    this.#endUse(events);
  }

  #endUse(events: ServerEvent[]): void {
    if (this.#use === 'publish') events.push({ type: 'unpublish' });
    if (this.#use === 'play') events.push({ type: 'close-stream' });
    this.#use = 'none';
    this.#hasCreated = false;
    this.#encoder = 'flash';
  }

  #connected(c: Command): TcUrl {
    if (this.#url === null || this.#connect === 'rejected') throw new MediaError('command', `${c.name} before connect`);
    return this.#url;
  }

  #result(c: Command, ...values: AmfValue[]): void {
    this.#answers.result(c.transaction, ...values);
  }
}

function nameOf(value: AmfValue): string {
  if (typeof value !== 'string') throw new MediaError('command', 'a stream without a name');
  return value;
}
