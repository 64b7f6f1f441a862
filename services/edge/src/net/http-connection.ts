import type { Socket } from 'node:net';
import type { ClientEnd } from '@dolphin/protocol';
import { DOLPHIN_VERSION } from '@dolphin/protocol/plain.js';
import { type HttpRequest, type LateAnswer, requestOf, routeOf } from '../app/http-routes.js';
import { Player } from '../app/player.js';
import type { ServerContext } from '../app/server.js';
import type { FlvStream } from '../domain/flv-mount.js';
import { type AnswerFrame, answerHead, flvHead, type HttpAnswer, textAnswer } from '../domain/http-answer.js';
import { type HttpHead, headerOf, parseHead } from '../domain/http-head.js';
import type { StreamKey } from '../domain/stream-key.js';
import { ClientConnection, type ConnectionOptions } from './client-connection.js';
import {
  ANSWER_TIMEOUT_MS,
  EDGE_STANDBY_MS,
  HEAD_TIMEOUT_MS,
  IDLE_MS,
  MAX_BODY_BYTES,
  MAX_EXTRA_BYTES,
  MAX_UNREAD_BYTES,
  ORIGIN_STANDBY_MS,
  SLOWEST_BYTES_PER_S,
  STALL_MS,
} from './http-limits.js';
import { whileHere } from './while-here.js';

const SERVER = `dolphin/${DOLPHIN_VERSION}`;
const NOTHING = Buffer.alloc(0);
const ALLOW = { Allow: 'GET, HEAD, OPTIONS' };

/**
 * One HTTP client on its socket: it asks once or often, one request after the other, until one of them is for a stream;
 * from then on it is a player of HTTP-FLV.
 */
export class HttpConnection extends ClientConnection {
  readonly type = 'flv-play';
  pageUrl = '';
  readonly swfUrl = '';
  tcUrl = '';
  #state: 'reading' | 'answering' | 'playing' | 'ending' = 'reading';
  /** What came and belongs to the request that is read, or to those after it. */
  #unread: Buffer = NOTHING;
  /** Of the last request's body: still to come, and thrown away. */
  #bodyBytes = 0;
  #extraBytes = 0;
  /** It was given what it asked for, at least once: not an error. */
  #wasGiven = false;
  #player: Player | null = null;

  constructor(socket: Socket, context: ServerContext, o: ConnectionOptions) {
    super(socket, context, o);
    this.#limitHead();
  }

  override get asks(): 'answered' | 'kept' | 'never' {
    if (super.asks === 'answered' || this.#state === 'answering' || this.#state === 'ending') return 'answered';
    return this.#wasGiven ? 'kept' : 'never';
  }

  protected override onData(data: Buffer): void {
    switch (this.#state) {
      case 'reading':
        // From the first byte of a head: no number of further ones makes it longer.
        if (this.#unread.length === 0 && this.#bodyBytes === 0) this.#limitHead();
        this.#keep(data);
        this.#readNext();
        return;
      case 'answering':
        this.#keep(data);
        if (this.#unread.length > MAX_UNREAD_BYTES) this.reads.hold('answer');
        return;
      case 'playing':
      case 'ending':
        this.#extraBytes += data.length;
        if (this.#extraBytes > MAX_EXTRA_BYTES) this.close('error', 'it sends after its request');
        return;
      default:
        this.#state satisfies never;
    }
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

  #limitHead(): void {
    this.setLimit(HEAD_TIMEOUT_MS, () => this.timeOut('head'));
  }

  #keep(data: Buffer): void {
    this.#unread = this.#unread.length === 0 ? data : Buffer.concat([this.#unread, data]);
  }

  #readNext(): void {
    const body = Math.min(this.#bodyBytes, this.#unread.length);
    this.#bodyBytes -= body;
    this.#unread = this.#unread.subarray(body);
    if (this.#unread.length === 0) return;
    const parsed = parseHead(this.#unread);
    switch (parsed.is) {
      case 'more':
        return;
      case 'bad':
        this.context.trouble.badInput++;
        this.#send(textAnswer(parsed.status), { minor: 1, keepsAlive: false, crossDomain: false, server: SERVER });
        return;
      case 'head':
        this.#unread = this.#unread.subarray(parsed.head.bytes);
        this.#onRequest(parsed.head);
        return;
      default:
        parsed satisfies never;
    }
  }

  #onRequest(head: HttpHead): void {
    const realIp = headerOf(head, 'x-real-ip');
    if (this.trustsPeer && /^[0-9a-fA-F.:]{2,45}$/.test(realIp)) this.address = realIp;
    this.#bodyBytes = head.bodyBytes ?? 0;
    const { httpCrossDomain, apiCrossDomain } = this.context.settings;
    const isOfPage = headerOf(head, 'origin') !== '';
    const isKept = head.keepsAlive && this.context.clients.keepsConnections;
    const frame: AnswerFrame = {
      minor: head.minor,
      keepsAlive: isKept && head.bodyBytes !== null && head.bodyBytes <= MAX_BODY_BYTES,
      crossDomain: httpCrossDomain && isOfPage,
      server: SERVER,
    };
    const { method } = head;
    const api = this.context.sharedApi?.(head) ?? null;
    if (api !== null) this.#send(api, { ...frame, crossDomain: apiCrossDomain && isOfPage }, method);
    else if (method === 'OPTIONS' && httpCrossDomain) this.#send({ status: 200 }, frame);
    else if (method === 'GET' || method === 'HEAD') this.#serve(requestOf(head, method, this.address), head, frame);
    else this.#send(textAnswer(405, ALLOW), frame);
  }

  endKept(): void {
    const isAsking = this.#state !== 'reading' || this.#unread.length > 0 || this.#bodyBytes > 0;
    if (!isAsking && this.sentBytes > 0) this.#endUnkept();
  }

  #endUnkept(): void {
    this.#state = 'ending';
    this.endAfterWrites('edge-stopped', 'the server ends');
  }

  #serve(request: HttpRequest, head: HttpHead, frame: AnswerFrame): void {
    const outcome = routeOf(this.context.httpRoutes, request);
    switch (outcome.is) {
      case 'answer':
        this.#sendOf(outcome.answer, frame, request, outcome.of);
        return;
      case 'late':
        this.#sendLater(outcome, frame, request);
        return;
      case 'play':
        if (request.method === 'HEAD') this.#write([flvHead(frame, 'HEAD')], frame.keepsAlive, 'client-left');
        else this.#onPlay(outcome.stream, head, { ...frame, keepsAlive: false });
        return;
      default:
        outcome satisfies never;
    }
  }

  #onPlay(stream: FlvStream, head: HttpHead, frame: AnswerFrame): void {
    const { key, settings } = stream;
    this.#state = 'playing';
    this.#unread = NOTHING;
    this.clearLimit();
    this.tcUrl = `http://${head.host}/${key.app}`;
    this.pageUrl = headerOf(head, 'referer');
    if (settings.access === null) {
      this.#play(stream, head, frame);
      return;
    }
    // Hooks are told the RTMP address that the URL stands for, as by SRS.
    const visitor = { ...this.visitor('http'), tcUrl: `rtmp://${settings.name}/${key.app}` };
    this.waitFor(this.guest.enter({ ...visitor, ...stream, use: 'play', query: head.query }), (refusal) => {
      if (refusal === null) this.#play(stream, head, frame);
      else this.#refuse(textAnswer(403), frame, 'error');
    });
  }

  #play({ key, settings }: FlvStream, head: HttpHead, frame: AnswerFrame): void {
    const request = { key, settings, query: head.query, hops: [], address: this.address, isEdge: false };
    if (this.context.streams.refusal(request) !== null) {
      this.#refuse(textAnswer(503, { 'Retry-After': '5' }), frame, 'limit');
      return;
    }
    const player = new Player({
      ...{ sink: this.socket, host: this },
      form: frame.minor === 1 ? 'flv-chunked' : 'flv-raw',
      flvTracks: settings.flvTracks,
      // Held until there is media: before that nobody knows whether it is to be a 404.
      head: flvHead(frame, 'GET'),
      started: () => this.clearLimit(),
    });
    this.#player = player;
    // What was answered before was for no stream.
    this.takeSentBytes();
    this.uses(key, 'play', `${key.stream}.flv`);
    this.setLimit(settings.origins === null ? ORIGIN_STANDBY_MS : EDGE_STANDBY_MS, () => {
      this.leaveStream();
      this.#send(textAnswer(404), frame);
    });
    this.context.streams.play(request, player);
  }

  #refuse(answer: HttpAnswer, frame: AnswerFrame, end: ClientEnd): void {
    this.context.trouble.refused++;
    this.turnedAway();
    this.#send(answer, frame, 'GET', end);
  }

  #sendOf(answer: HttpAnswer, frame: AnswerFrame, { method }: HttpRequest, stream: StreamKey | undefined): void {
    if (stream !== undefined && answer.status === 200) {
      this.gets(stream);
      this.#wasGiven = true;
    }
    this.#send(answer, frame, method);
  }

  #sendLater({ answer: making, of, question }: LateAnswer, frame: AnswerFrame, request: HttpRequest): void {
    this.#state = 'answering';
    let late = false;
    const send = (answer: HttpAnswer) => {
      if (!late && !this.socket.destroyed) this.#sendOf(answer, frame, request, of);
    };
    const limit = () => {
      if (this.socket.destroyed) return;
      this.setLimit(ANSWER_TIMEOUT_MS, () => {
        send(textAnswer(503, { 'Retry-After': '5' }));
        late = true;
      });
    };
    this.clearLimit();
    // A hook may take three times as long as an answer: who asks it has limits for it.
    if (question === undefined) limit();
    else void whileHere(this.socket, question).then(limit);
    making.then(send, (error: unknown) => {
      this.context.log.warn({ err: error, path: request.path }, 'an HTTP answer could not be made');
      send(textAnswer(500));
    });
  }

  #send(answer: HttpAnswer, frame: AnswerFrame, method = 'GET', end?: ClientEnd): void {
    // As it is now: the answer may have taken its time.
    const keepsAlive = frame.keepsAlive && this.context.clients.keepsConnections;
    const parts = [answerHead(answer, { ...frame, keepsAlive })];
    if (answer.body !== undefined && answer.body.length > 0 && method !== 'HEAD') parts.push(answer.body);
    this.#write(parts, keepsAlive, end ?? (answer.status < 400 ? 'client-left' : 'error'));
  }

  /** The next request is looked at when the kernel has all of this: who does not read, does not ask. */
  #write(parts: readonly Buffer[], keepsAlive: boolean, end: ClientEnd): void {
    this.#state = keepsAlive ? 'answering' : 'ending';
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    const { timers } = this.context;
    this.#limitStall(this.pendingBytes(), timers.now() + STALL_MS + (bytes / SLOWEST_BYTES_PER_S) * 1000);
    const last = parts.length - 1;
    this.socket.cork();
    parts.forEach((part, i) => {
      this.socket.write(part, i < last ? undefined : () => this.#onWritten(keepsAlive, end));
    });
    this.socket.uncork();
  }

  #limitStall(before: number, endMs: number): void {
    const { timers } = this.context;
    this.setLimit(Math.max(1, Math.min(STALL_MS, endMs - timers.now())), () => {
      const pending = this.pendingBytes();
      if (pending !== before && timers.now() < endMs) this.#limitStall(pending, endMs);
      else {
        this.context.trouble.slowClosed++;
        this.close('slow', 'it does not take its answer');
      }
    });
  }

  #onWritten(keepsAlive: boolean, end: ClientEnd): void {
    if (this.socket.destroyed) return;
    if (!keepsAlive) {
      this.endAfterWrites(end, 'answered');
      return;
    }
    this.#state = 'reading';
    if (this.#bodyBytes > 0 || this.#unread.length > 0) this.#limitHead();
    else if (!this.context.clients.keepsConnections) this.#endUnkept();
    else this.setLimit(IDLE_MS, () => this.close('client-left', 'it asks no more'));
    this.reads.letGo('answer');
    this.#readNext();
  }
}
