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
import type { ServerContext } from '../app/server.js';
import { PublishWatch } from '../domain/publish-watch.js';
import { keyText, type NamedStream, streamNamed, vhostFor } from '../domain/stream-key.js';
import type { Refusal, Visitor } from '../domain/visit.js';
import { ClientConnection, type ConnectionOptions } from './client-connection.js';
import { HANDSHAKE_TIMEOUT_MS, IDLE_TIMEOUT_MS, type RtmpClientState, WATCH_MS } from './rtmp-client-state.js';

/** Answers that a peer has not read: it asks without listening. A slab may be in there, too. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** One RTMP client on its socket: what it asks is decided by the streams, what they decide is told to it. */
export class RtmpConnection extends ClientConnection {
  type: ClientType = 'unknown';
  tcUrl = '';
  pageUrl = '';
  swfUrl = '';
  readonly #session: RtmpServerSession;
  #connect: ConnectEvent | null = null;
  #state: RtmpClientState = { is: 'new' };

  constructor(socket: Socket, context: ServerContext, o: ConnectionOptions) {
    super(socket, context, o);
    this.#session = new RtmpServerSession({
      chunkSize: context.settings.chunkSize,
      allowProxyHeader: this.trustsPeer,
      serverInfo: { dolphin: DOLPHIN_VERSION },
    });
    this.setLimit(HANDSHAKE_TIMEOUT_MS, () => this.timeOut('handshake'));
  }

  protected override onData(data: Buffer): void {
    this.#guarded(() => this.#take(this.#session.push(data)));
  }

  /** Garbage of one peer ends that peer; what is ours is not hidden by it. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof MediaError)) this.context.log.warn({ err: error }, 'a connection failed');
      this.context.trouble.badInput++;
      this.#flushOutput();
      this.close('error', error instanceof Error ? error.message : 'bad input');
    }
  }

  #take(events: readonly ServerEvent[]): void {
    const media: RtmpMessage[] = [];
    for (const event of events) {
      if (this.#state.is === 'asking') this.#state.later.push(event);
      else if (this.#state.is !== 'over') this.#onEvent(event, media);
    }
    this.#flushMedia(media);
    this.#flushOutput();
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
    this.#connect = event;
    ({ tcUrl: this.tcUrl, pageUrl: this.pageUrl = '', swfUrl: this.swfUrl = '' } = event);
    const settings = vhostFor(this.context.settings, event.vhost);
    const isLoop = event.hops.includes(this.context.streams.serverId);
    if (isLoop) this.context.log.warn({ hops: event.hops }, 'refused: a loop of edges');
    const refuse = (why: string) => this.#refuse(() => this.#session.rejectConnect(why), why);
    if (settings === null || isLoop) {
      refuse(isLoop ? 'a loop of edges' : `no vhost ${event.vhost}`);
      return;
    }
    const accept = () => {
      this.#session.acceptConnect();
      this.#become({ is: 'connected' });
    };
    if (settings.access === null) accept();
    else this.#holdFor(this.guest.connect(this.#visitor(), settings, event.app, this.#isEdge), accept, refuse);
  }

  /** Goes on once the vhost's rules let it in. */
  #admit(use: 'play' | 'publish', named: NamedStream, query: string, go: () => void, refuse: (why: string) => void) {
    if (named.settings.access === null) go();
    else this.#holdFor(this.guest.enter({ ...this.#visitor(), ...named, use, query }), go, refuse);
  }

  #holdFor(question: Promise<Refusal | null>, go: () => void, refuse: (why: string) => void): void {
    const asking: RtmpClientState = { is: 'asking', later: [] };
    this.#become(asking);
    this.waitFor(question, (refusal) => {
      this.#become({ is: 'connected' });
      this.#guarded(() => {
        if (refusal === null) go();
        else refuse(`${refusal.by}: ${refusal.why}`);
        this.#take(asking.later);
      });
    });
  }

  /** It asks for many. A viewer can claim hops, too; those of this host come through no pod. */
  get #isEdge(): boolean {
    const { hops = [], isProbe = false } = this.#connect ?? {};
    return hops.length > 0 && !isProbe && this.trustsPeer;
  }

  #visitor(): Visitor {
    const { args = {}, hops = [] } = this.#connect ?? {};
    return { ...this.visitor('rtmp'), args, hops };
  }

  /** As the conf is now, not as it was at connect. */
  #named(event: PlayEvent | PublishEvent): NamedStream | null {
    return streamNamed(this.context.settings, event.vhost ?? this.#connect?.vhost ?? '', event.app, event.stream);
  }

  #onPlay(event: PlayEvent): void {
    const named = this.#named(event);
    const refuse = (why: string) => this.#refusePlay('NetStream.Play.Failed', why);
    if (named === null) this.#refusePlay('NetStream.Play.StreamNotFound', 'there is no such vhost or stream name');
    else this.#admit('play', named, event.query, () => this.#play(event, named), refuse);
  }

  #play(event: PlayEvent, { key, settings }: NamedStream): void {
    const { hops = [] } = this.#connect ?? {};
    const request = { key, settings, query: event.query, hops, address: this.address, isEdge: this.#isEdge };
    const refusal = this.context.streams.refusal(request);
    if (refusal !== null) {
      this.#refusePlay('NetStream.Play.Failed', refusal, refusal === 'too-many' ? 'limit' : 'error');
      return;
    }
    const player = new Player({ ...this.playerBase(), form: 'rtmp', durationMs: Math.max(event.duration, 0) });
    // The answer goes out before the first slab does.
    this.#session.acceptPlay(this.context.streams.chunkSizeOf(key));
    this.#flushOutput();
    this.type = 'rtmp-play';
    this.uses(key, 'play');
    this.name = event.stream;
    this.#become({ is: 'playing', key, player });
    this.context.streams.play(request, player);
  }

  #onPublish(event: PublishEvent): void {
    const named = this.#named(event);
    const refuse = (why: string) => this.#refusePublish(why);
    if (named === null) refuse('there is no such vhost or stream name');
    else this.#admit('publish', named, event.query, () => this.#publish(event, named), refuse);
  }

  #publish(event: PublishEvent, { key, settings }: NamedStream): void {
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

  #flushMedia(media: RtmpMessage[]): void {
    if (media.length === 0) return;
    if (this.#state.is === 'publishing') {
      this.#state.watch.packet(this.context.timers.now());
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
    this.#refuse(() => this.#session.rejectPlay(code, why), why, end);
  }

  #refusePublish(why: string): void {
    this.#refuse(() => this.#session.rejectPublish('NetStream.Publish.BadName', why), why);
  }

  #refuse(tell: () => void, why: string, end: ClientEnd = 'error'): void {
    this.context.trouble.refused++;
    this.turnedAway();
    tell();
    this.#endAfterOutput(end, why);
  }

  /** Ends what it was before; from now on it is `next`, with that state's time-out. */
  #become(next: RtmpClientState): void {
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
      this.left();
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
