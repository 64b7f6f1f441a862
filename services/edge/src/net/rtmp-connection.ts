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
import type { ClientType } from '../app/clients.js';
import { Player } from '../app/player.js';
import type { ServerContext } from '../app/server.js';
import { ClientPace } from '../domain/client-pace.js';
import { keyText, type NamedStream, streamNamed, vhostFor } from '../domain/stream-key.js';
import type { Refusal } from '../domain/visit.js';
import { ClientConnection, type ConnectionOptions } from './client-connection.js';
import { hearLast } from './last-reads.js';
import {
  asksForMany,
  HANDSHAKE_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  kept,
  NEXT_STREAM_TIMEOUT_MS,
  NOTHING_SAID,
  type RtmpClientState,
  SERVER_INFO,
  saidAtConnect,
} from './rtmp-client-state.js';
import { RtmpPublishing } from './rtmp-publishing.js';

/** One RTMP client on its socket: what it asks is decided by the streams, what they decide is told to it. */
export class RtmpConnection extends ClientConnection {
  type: ClientType = 'unknown';
  tcUrl = '';
  pageUrl = '';
  swfUrl = '';
  readonly #session: RtmpServerSession;
  #said = NOTHING_SAID;
  #state: RtmpClientState = { is: 'new' };
  readonly #pace = new ClientPace(this.sinceMs);

  constructor(socket: Socket, context: ServerContext, o: ConnectionOptions) {
    super(socket, context, o);
    this.#session = new RtmpServerSession({
      chunkSize: context.settings.chunkSize,
      allowProxyHeader: this.trustsPeer,
      serverInfo: SERVER_INFO,
      unfinished: context.unfinished,
    });
    this.setLimit(HANDSHAKE_TIMEOUT_MS, () => this.timeOut('handshake'));
  }

  protected override onData(data: Buffer): void {
    // It sends on while it is told goodbye: that is no reason to cut it before it has read why.
    const state = this.#state;
    if (state.is === 'over') return;
    const gathered = state.is === 'publishing' && state.publishing.wasRead(data.length);
    this.#guarded(() => this.#take(this.#session.push(data), gathered));
  }

  override close(end: ClientEnd, why?: string): void {
    const isOrdered = end === 'kicked' || end === 'drained' || end === 'edge-stopped';
    if (isOrdered && this.#state.is === 'publishing') hearLast(this.socket, (data) => this.onData(data));
    // Its open slab goes out now, while its players are there: they may be closed next.
    if (isOrdered) this.leaveStream();
    super.close(end, why);
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

  #take(events: readonly ServerEvent[], gathered = false): void {
    const media: RtmpMessage[] = [];
    for (const event of events) {
      if (this.#state.is === 'asking') this.#state.later.push(kept(event));
      else if (this.#state.is !== 'over') this.#onEvent(event, media);
    }
    this.#pace.asked(this.#session.askedWork, this.context.timers.now());
    this.#flushMedia(media, gathered);
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
    const settings = vhostFor(this.context.settings, event.vhost);
    this.#said = saidAtConnect(event, settings?.access != null);
    ({ tcUrl: this.tcUrl, pageUrl: this.pageUrl = '', swfUrl: this.swfUrl = '' } = event);
    const isLoop = event.hops.includes(this.context.streams.serverId);
    if (isLoop) this.context.log.warn({ hops: event.hops }, 'refused: a loop of edges');
    const refuse = (why: string) => this.#refuse(() => this.#session.rejectConnect(why), why);
    const isEdge = asksForMany(this.#said, this.trustsPeer);
    const accept = () => {
      this.#session.acceptConnect();
      this.#become({ is: 'connected' });
    };
    if (settings === null) refuse(`no vhost ${event.vhost}`);
    else if (isLoop) refuse('a loop of edges');
    else if (settings.access === null) accept();
    else
      this.#holdFor(this.guest.connect(this.visitor('rtmp', this.#said), settings, event.app, isEdge), accept, refuse);
  }

  /** Goes on once the vhost's rules let it in. */
  #admit(use: 'play' | 'publish', named: NamedStream, query: string, go: () => void, refuse: (why: string) => void) {
    const ask = () => this.guest.enter({ ...this.visitor('rtmp', this.#said), ...named, use, query });
    this.#holdFor(named.settings.access === null ? null : ask(), go, refuse);
  }

  /** Goes on once it is answered; null: nothing is asked. */
  #holdFor(question: Promise<Refusal | null> | null, go: () => void, refuse: (why: string) => void): void {
    if (question === null) {
      go();
      return;
    }
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

  /** As the conf is now, not as it was at connect. */
  #named(event: PlayEvent | PublishEvent): NamedStream | null {
    return streamNamed(this.context.settings, event.vhost ?? this.#said.vhost, event.app, event.stream);
  }

  #onPlay(event: PlayEvent): void {
    const named = this.#named(event);
    const refuse = (why: string) => this.#refusePlay('NetStream.Play.Failed', why);
    if (named === null) this.#refusePlay('NetStream.Play.StreamNotFound', 'there is no such vhost or stream name');
    else this.#admit('play', named, event.query, () => this.#play(event, named), refuse);
  }

  #play(event: PlayEvent, { key, settings }: NamedStream): void {
    const isEdge = asksForMany(this.#said, this.trustsPeer);
    const request = { key, settings, query: event.query, hops: this.#said.hops, address: this.address, isEdge };
    const refusal = this.context.streams.refusal(request);
    if (refusal !== null) {
      this.#refusePlay('NetStream.Play.Failed', refusal, refusal === 'too-many' ? 'limit' : 'error');
      return;
    }
    const player = new Player({ sink: this.socket, host: this, form: 'rtmp', durationMs: Math.max(event.duration, 0) });
    // The answer goes out before the first slab does.
    this.#session.acceptPlay(this.context.streams.chunkSizeOf(key));
    this.#flushOutput();
    this.type = 'rtmp-play';
    this.uses(key, 'play', event.stream);
    this.#become({ is: 'playing', key, player });
    this.context.streams.play(request, player);
  }

  #onPublish(event: PublishEvent): void {
    const named = this.#named(event);
    const refuse = (why: string) =>
      this.#refuse(() => this.#session.rejectPublish('NetStream.Publish.BadName', why), why);
    if (named === null) {
      refuse('there is no such vhost or stream name');
      return;
    }
    const admit = () => this.#admit('publish', named, event.query, () => this.#publish(event, named, refuse), refuse);
    // Before the rules: hooks hear of the end of the one before it first.
    this.#holdFor(this.context.streams.lookAtPublisher(named.key), admit, refuse);
  }

  #publish(event: PublishEvent, { key, settings }: NamedStream, refuse: (why: string) => void): void {
    this.type = `${event.encoder}-publish`;
    this.uses(key, 'publish', event.stream);
    const request = { key, settings, query: event.query, hops: this.#said.hops };
    const path = this.context.streams.publish(request, {
      id: this.id,
      ready: () => {
        this.#session.acceptPublish();
        this.#flushOutput();
      },
      end: (code, why) => {
        this.#session.rejectPublish(code === '' ? 'NetStream.Publish.Failed' : code, why);
        this.#endAfterOutput('error', why);
      },
      resume: () => this.reads.letGo('upstream'),
      look: () => this.#state.is === 'publishing' && this.#state.publishing.look(),
    });
    if (path === 'busy' || path === 'loop') {
      refuse(path === 'busy' ? `${keyText(key)} is published already` : 'a loop of edges');
      return;
    }
    const { timers, beats } = this.context;
    const publishing = new RtmpPublishing({ key, path, settings, timers, beats, pace: this.#pace, reads: this.reads });
    this.#become({ is: 'publishing', publishing });
    this.shareReads();
    this.context.log.info({ client: this.id, stream: keyText(key), address: this.address }, 'publish');
  }

  #flushMedia(media: RtmpMessage[], gathered = false): void {
    if (media.length === 0) return;
    if (this.#state.is === 'publishing') this.#state.publishing.media(media, gathered);
    media.length = 0;
  }

  #flushOutput(): void {
    const output = this.#session.takeOutput();
    if (output !== null) this.answer(output);
  }

  protected override onDrain(): void {
    if (this.#state.is === 'playing') this.#state.player.pump();
  }

  #refusePlay(code: string, why: string, end: ClientEnd = 'error'): void {
    this.#refuse(() => this.#session.rejectPlay(code, why), why, end);
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
    if (next.is === 'connected') this.setLimit(IDLE_TIMEOUT_MS, () => this.timeOut('idle'));
    else if (next.is === 'publishing') this.watch('publisher', () => next.publishing.isLate(this.context.timers.now()));
  }

  protected override gone(): void {
    super.gone();
    this.#session.dispose();
  }

  protected override leaveStream(): void {
    const state = this.#state;
    if (state.is !== 'playing' && state.is !== 'publishing') return;
    this.#state = { is: 'connected' };
    if (state.is === 'playing') this.context.streams.leave(state.key, state.player, this.takeSentBytes());
    else {
      state.publishing.end();
      this.context.log.info({ client: this.id, stream: keyText(state.publishing.key) }, 'unpublish');
    }
    this.left();
    this.setLimit(NEXT_STREAM_TIMEOUT_MS, () => this.timeOut('idle'));
  }

  /** Tells the peer why, and then hangs up. */
  #endAfterOutput(end: ClientEnd, why: string): void {
    this.leaveStream();
    this.#state = { is: 'over' };
    this.#flushOutput();
    this.endAfterWrites(end, why);
  }
}
