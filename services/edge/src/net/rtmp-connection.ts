import type { Socket } from 'node:net';
import {
  type ConnectEvent,
  MediaError,
  type PlayEvent,
  type PublishEvent,
  type RtmpMessage,
  RtmpServerSession,
  type ServerEvent,
} from '@dolphin/media';
import type { ClientEnd } from '@dolphin/protocol';
import { DOLPHIN_VERSION } from '@dolphin/protocol/plain.js';
import type { ClientType } from '../app/clients.js';
import { Player } from '../app/player.js';
import type { PublishPath } from '../app/publisher.js';
import type { ServerContext } from '../app/server.js';
import { ASKED_PER_SECOND, ClientPace } from '../domain/client-pace.js';
import { PublishWatch } from '../domain/publish-watch.js';
import { isStreamName, keyText, type StreamKey, vhostFor } from '../domain/stream-key.js';
import type { VhostSettings } from '../domain/vhost-settings.js';
import { ClientConnection, type ConnectionOptions } from './client-connection.js';

/** From the first byte to the end of the handshake and connect. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** From connect to play or publish (SRS: SRS_CONSTS_RTMP_TIMEOUT). */
const IDLE_TIMEOUT_MS = 30_000;
/** Answers that a peer has not read: it asks without listening. A slab may be in there, too. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** How often a publisher's time-outs are looked at. */
const WATCH_MS = 1000;

type State =
  | { is: 'new' }
  | { is: 'connected' }
  | { is: 'playing'; key: StreamKey; player: Player }
  | { is: 'publishing'; key: StreamKey; path: PublishPath; watch: PublishWatch }
  /** It was told goodbye. */
  | { is: 'over' };

/** One RTMP client on its socket: what it asks is decided by the streams, what they decide is told to it. */
export class RtmpConnection extends ClientConnection {
  type: ClientType = 'unknown';
  readonly #session: RtmpServerSession;
  #settings: VhostSettings | null = null;
  #connect: ConnectEvent | null = null;
  #state: State = { is: 'new' };
  readonly #pace: ClientPace;

  constructor(socket: Socket, context: ServerContext, o: ConnectionOptions) {
    super(socket, context, o);
    this.#session = new RtmpServerSession({
      chunkSize: context.settings.chunkSize,
      allowProxyHeader: this.trustsPeer,
      serverInfo: { dolphin: DOLPHIN_VERSION },
      unfinished: context.unfinished,
    });
    socket.once('close', () => this.#session.dispose());
    this.#pace = new ClientPace(this.sinceMs);
    this.setLimit(HANDSHAKE_TIMEOUT_MS, () => this.timeOut('handshake'));
  }

  get tcUrl(): string {
    return this.#connect?.tcUrl ?? '';
  }
  get pageUrl(): string {
    return this.#connect?.pageUrl ?? '';
  }
  get swfUrl(): string {
    return this.#connect?.swfUrl ?? '';
  }

  protected override onData(data: Buffer): void {
    const media: RtmpMessage[] = [];
    try {
      for (const event of this.#session.push(data)) {
        if (this.#state.is !== 'over') this.#onEvent(event, media);
      }
      if (!this.#pace.mayAsk(this.#session.askedWork, this.context.timers.now())) {
        throw new MediaError('limit', `it asks more than ${ASKED_PER_SECOND} times a second`);
      }
      this.#flushMedia(media);
      this.#flushOutput();
    } catch (error) {
      // Garbage of one peer ends that peer; what is ours is not hidden by it.
      if (!(error instanceof MediaError)) this.context.log.warn({ err: error }, 'a connection failed');
      this.context.trouble.badInput++;
      this.#flushOutput();
      this.close('error', error instanceof Error ? error.message : 'bad input');
    }
  }

  #onEvent(event: ServerEvent, media: RtmpMessage[]): void {
    switch (event.type) {
      case 'proxy-header':
        this.address = event.address;
        break;
      case 'connect':
        this.#onConnect(event);
        break;
      case 'play':
        this.#onPlay(event);
        break;
      case 'publish':
        this.#onPublish(event);
        break;
      case 'media':
        media.push(event.message);
        break;
      case 'pause':
        if (this.#state.is === 'playing') this.#state.player.pause(event.on);
        break;
      case 'unpublish':
      case 'close-stream':
        this.#flushMedia(media);
        this.leaveStream();
        break;
      case 'ack':
        break;
      default:
        event satisfies never;
    }
  }

  #onConnect(event: ConnectEvent): void {
    // Not what else it said: that may be 64 KiB of values, for as long as it stays.
    this.#connect = { ...event, args: {} };
    this.#settings = vhostFor(this.context.settings, event.vhost);
    if (this.#settings === null) {
      this.#session.rejectConnect(`no vhost ${event.vhost}`);
      this.#endAfterOutput('error', 'no vhost');
      return;
    }
    if (event.hops.includes(this.context.streams.serverId)) {
      this.context.log.warn({ hops: event.hops }, 'refused: a loop of edges');
      this.#session.rejectConnect('a loop of edges');
      this.#endAfterOutput('error', 'loop');
      return;
    }
    this.#session.acceptConnect();
    this.#become({ is: 'connected' });
  }

  #onPlay(event: PlayEvent): void {
    const asked = this.#streamOf(event);
    if (asked === null) {
      this.#refusePlay('NetStream.Play.StreamNotFound', 'there is no such vhost or stream name');
      return;
    }
    const { key, settings } = asked;
    const { hops = [] } = this.#connect ?? {};
    // A viewer can claim hops, too; those of this host come through no pod.
    const isEdge = hops.length > 0 && this.trustsPeer;
    const request = { key, settings, query: event.query, hops, address: this.address, isEdge };
    const refusal = this.context.streams.refusal(request);
    if (refusal !== null) {
      this.#refusePlay('NetStream.Play.Failed', refusal, refusal === 'too-many' ? 'limit' : 'error');
      return;
    }
    const player = new Player({ ...this.playerBase(), form: 'rtmp', durationMs: Math.max(event.duration, 0) });
    // The answer goes out before the first slab does.
    this.#session.acceptPlay();
    this.#flushOutput();
    this.type = 'rtmp-play';
    this.uses(key, 'play');
    this.name = event.stream;
    this.#become({ is: 'playing', key, player });
    this.context.streams.play(request, player);
  }

  #onPublish(event: PublishEvent): void {
    const asked = this.#streamOf(event);
    if (asked === null) {
      this.#refusePublish('there is no such vhost or stream name');
      return;
    }
    const { key, settings } = asked;
    this.type = `${event.encoder}-publish`;
    this.uses(key, 'publish');
    this.name = event.stream;
    const { hops = [] } = this.#connect ?? {};
    const path = this.context.streams.publish(
      { key, settings, query: event.query, hops },
      {
        id: this.id,
        ready: () => {
          this.#session.acceptPublish();
          this.#flushOutput();
        },
        end: (code, why) => {
          this.#session.rejectPublish(code === '' ? 'NetStream.Publish.Failed' : code, why);
          this.#endAfterOutput('error', why);
        },
        resume: () => this.socket.resume(),
      },
    );
    if (path === 'busy' || path === 'loop') {
      this.#refusePublish(path === 'busy' ? `${keyText(key)} is published already` : 'a loop of edges');
      return;
    }
    const watch = new PublishWatch(settings, this.context.timers.now());
    this.#become({ is: 'publishing', key, path, watch });
    this.context.log.info({ client: this.id, stream: keyText(key), address: this.address }, 'publish');
  }

  #streamOf(event: PlayEvent | PublishEvent): { key: StreamKey; settings: VhostSettings } | null {
    const settings = event.vhost === undefined ? this.#settings : vhostFor(this.context.settings, event.vhost);
    if (settings === null || !isStreamName(event.app, event.stream)) return null;
    return { key: { vhost: settings.name, app: event.app, stream: event.stream }, settings };
  }

  #flushMedia(media: RtmpMessage[]): void {
    if (media.length === 0) return;
    if (this.#state.is === 'publishing') {
      const nowMs = this.context.timers.now();
      this.#state.watch.packet(nowMs);
      this.holdBack(this.#pace.pauseAfter(media, nowMs));
      // Upstream is behind: the publisher waits, in its own TCP window.
      if (!this.#state.path.media(media)) this.socket.pause();
    }
    media.length = 0;
  }

  #flushOutput(): void {
    const output = this.#session.takeOutput();
    if (output === null || this.socket.destroyed) return;
    this.socket.write(output);
    if (this.socket.writableLength > MAX_UNREAD_BYTES) this.close('slow', 'it does not read its answers');
  }

  protected override onDrain(): void {
    if (this.#state.is === 'playing') this.#state.player.pump();
  }

  #refusePlay(code: string, why: string, end: ClientEnd = 'error'): void {
    this.context.trouble.refused++;
    this.#session.rejectPlay(code, why);
    this.#endAfterOutput(end, why);
  }

  #refusePublish(why: string): void {
    this.context.trouble.refused++;
    this.#session.rejectPublish('NetStream.Publish.BadName', why);
    this.#endAfterOutput('error', why);
  }

  /** Ends what it was before; from now on it is `next`, with that state's time-out. */
  #become(next: State): void {
    this.leaveStream();
    this.#state = next;
    this.clearLimit();
    if (next.is === 'connected') {
      this.setLimit(IDLE_TIMEOUT_MS, () => this.timeOut('idle'));
    } else if (next.is === 'publishing') {
      this.#watchPublisher(next.watch);
    }
  }

  #watchPublisher(watch: PublishWatch): void {
    this.setLimit(WATCH_MS, () => {
      if (watch.isLate(this.context.timers.now())) this.timeOut('publisher');
      else this.#watchPublisher(watch);
    });
  }

  protected override leaveStream(): void {
    const { streams } = this.context;
    const state = this.#state;
    if (state.is === 'playing') {
      this.#state = { is: 'connected' };
      streams.leave(state.key, state.player, this.takeSentBytes());
    } else if (state.is === 'publishing') {
      this.#state = { is: 'connected' };
      state.path.end();
      // It may have waited for its upstream.
      this.socket.resume();
      this.context.log.info({ client: this.id, stream: keyText(state.key) }, 'unpublish');
    }
    if (state.is === 'playing' || state.is === 'publishing') {
      this.setLimit(IDLE_TIMEOUT_MS, () => this.timeOut('idle'));
    }
  }

  /** Tells the peer why, and then hangs up. */
  #endAfterOutput(end: ClientEnd, why: string): void {
    this.leaveStream();
    this.#state = { is: 'over' };
    this.#flushOutput();
    this.endAfterWrites(end, why);
  }
}
