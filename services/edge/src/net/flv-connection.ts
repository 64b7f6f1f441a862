import type { Socket } from 'node:net';
import type { ClientEnd } from '@dolphin/protocol';
import { DOLPHIN_VERSION } from '@dolphin/protocol/plain.js';
import { Player } from '../app/player.js';
import type { ServerContext } from '../app/server.js';
import { streamOfUrl } from '../domain/flv-mount.js';
import { type HttpHead, parseHead } from '../domain/http-head.js';
import type { NamedStream } from '../domain/stream-key.js';
import { ClientConnection, type ConnectionOptions } from './client-connection.js';

/** A whole request head must be there by then. */
const HEAD_TIMEOUT_MS = 5000;
/** How long a player waits for a stream that nobody publishes here, before it gets its 404. */
const ORIGIN_STANDBY_MS = 3000;
/** The same on an edge: its upstreams are asked in turn, 5 s each. */
const EDGE_STANDBY_MS = 20_000;
/** A player has nothing more to say; who sends on and on is cut. */
const MAX_EXTRA_BYTES = 64 * 1024;

const SERVER = `Server: dolphin/${DOLPHIN_VERSION}\r\n`;
const CROSS_DOMAIN =
  'Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n' +
  'Access-Control-Allow-Headers: *\r\n';

/** One HTTP client on its socket: a player of HTTP-FLV, or somebody who asks for something that is not there. */
export class FlvConnection extends ClientConnection {
  readonly type = 'flv-play';
  readonly pageUrl = '';
  readonly swfUrl = '';
  tcUrl = '';
  #head: Buffer | null = Buffer.alloc(0);
  #extraBytes = 0;
  #player: Player | null = null;

  constructor(socket: Socket, context: ServerContext, o: ConnectionOptions) {
    super(socket, context, o);
    this.setLimit(HEAD_TIMEOUT_MS, () => this.timeOut('head'));
  }

  protected override onData(data: Buffer): void {
    if (this.#head === null) {
      this.#extraBytes += data.length;
      if (this.#extraBytes > MAX_EXTRA_BYTES) this.close('error', 'it sends after its request');
      return;
    }
    this.#head = this.#head.length === 0 ? data : Buffer.concat([this.#head, data]);
    const parsed = parseHead(this.#head);
    if (parsed.is === 'more') return;
    this.#head = null;
    this.clearLimit();
    if (parsed.is === 'head') {
      this.#onRequest(parsed.head);
      return;
    }
    this.context.trouble.badInput++;
    this.#answer('400 Bad Request', 'error');
  }

  protected override onDrain(): void {
    this.#player?.pump();
  }

  protected override leaveStream(): void {
    const player = this.#player;
    if (player === null || this.key === null) return;
    this.#player = null;
    this.context.streams.leave(this.key, player, this.takeSentBytes());
    this.left();
  }

  #onRequest(head: HttpHead): void {
    if (this.trustsPeer && /^[0-9a-fA-F.:]{2,45}$/.test(head.realIp)) this.address = head.realIp;
    const found = streamOfUrl(this.context.settings, head);
    if (head.method === 'OPTIONS') this.#answer('200 OK', 'client-left');
    else if (head.method !== 'GET' && head.method !== 'HEAD') this.#answer('405 Method Not Allowed', 'error');
    else if (found === null) this.#answer('404 Not Found', 'error');
    else if (head.method === 'HEAD') this.#answer('200 OK', 'client-left', 'Content-Type: video/x-flv\r\n');
    else this.#onPlay(head, found);
  }

  #onPlay(head: HttpHead, named: NamedStream): void {
    const { key, settings } = named;
    this.tcUrl = `http://${head.host}/${key.app}`;
    if (settings.access === null) {
      this.#play(head, named);
      return;
    }
    // To hooks SRS names the RTMP address that the URL stands for.
    const visitor = { ...this.visitor('http'), tcUrl: `rtmp://${settings.name}/${key.app}`, pageUrl: head.referer };
    this.ask({ ...visitor, ...named, use: 'play', query: head.query }, (refusal) => {
      if (refusal === null) this.#play(head, named);
      else this.#refuse('403 Forbidden', 'error');
    });
  }

  #play(head: HttpHead, { key, settings }: NamedStream): void {
    const request = { key, settings, query: head.query, hops: [], address: this.address, isEdge: false };
    if (this.context.streams.refusal(request) !== null) {
      this.#refuse('503 Service Unavailable', 'limit', 'Retry-After: 5\r\n');
      return;
    }
    const chunked = head.minor === 1;
    const player = new Player({
      ...this.playerBase(),
      form: chunked ? 'flv-chunked' : 'flv-raw',
      // Held until there is media: before that nobody knows whether it is to be a 404.
      head: Buffer.from(
        `HTTP/1.${head.minor} 200 OK\r\nConnection: Close\r\nContent-Type: video/x-flv\r\n` +
          `${chunked ? 'Transfer-Encoding: chunked\r\n' : ''}${this.#crossDomain()}${SERVER}\r\n`,
      ),
      started: () => this.clearLimit(),
    });
    this.#player = player;
    this.uses(key, 'play');
    this.name = `${key.stream}.flv`;
    this.setLimit(settings.origins === null ? ORIGIN_STANDBY_MS : EDGE_STANDBY_MS, () => {
      this.leaveStream();
      this.#answer('404 Not Found', 'error');
    });
    this.context.streams.play(request, player);
  }

  #refuse(status: string, end: ClientEnd, headers = ''): void {
    this.context.trouble.refused++;
    this.turnedAway();
    this.#answer(status, end, headers);
  }

  #answer(status: string, end: ClientEnd, headers = ''): void {
    this.socket.write(
      `HTTP/1.1 ${status}\r\nConnection: Close\r\nContent-Length: 0\r\n${headers}${this.#crossDomain()}${SERVER}\r\n`,
    );
    this.endAfterWrites(end, status);
  }

  #crossDomain(): string {
    return this.context.settings.httpCrossDomain ? CROSS_DOMAIN : '';
  }
}
