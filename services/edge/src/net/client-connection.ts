import type { Socket } from 'node:net';
import type { ClientEnd, StreamUse } from '@dolphin/protocol';
import type { Guest } from '../app/admission.js';
import type { Client, ClientType } from '../app/clients.js';
import type { PlayerHost } from '../app/player.js';
import { newClientId, type ServerContext } from '../app/server.js';
import { keyText, type StreamKey, streamUrlOf } from '../domain/stream-key.js';
import type { Refusal, Visitor } from '../domain/visit.js';
import { Aside } from './aside.js';
import { ReadHolds } from './read-holds.js';
import { shareReads } from './shared-reads.js';
import { addressOf, isOfThisHost, pendingWriteBytes } from './socket-facts.js';

export interface ConnectionOptions {
  /** Its pod accepted it: nobody but the client is at the other end. */
  readonly handedOff: boolean;
  /** The client's address, where it is not the socket's: its pod had it from a front. */
  readonly address?: string;
  /** Called when it begins to play or publish; again when it turns to another stream. */
  readonly onUses?: (stream: string, use: StreamUse) => void;
  /** Called once, when it is gone. */
  readonly onClosed?: (gone: { end: ClientEnd; sentBytes: number; receivedBytes: number }) => void;
}

/** Answers that a peer has not read: it asks without listening. What it plays is counted elsewhere. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** How often it is looked whether a client is late. */
const WATCH_MS = 1000;
/** How long a peer that was told goodbye may take to hang up. */
const GOODBYE_MS = 1000;
/** How long a player may take for what the kernel has of its last bytes: as long as one may stand still by default. */
const PLAYED_OUT_MS = 30_000;
/**
 * Probes of a silent peer begin after this long. A player whose stream has not come is written nothing: if its host
 * vanished, nothing else would tell, and its pull would be tried for ever.
 */
const KEEPALIVE_AFTER_MS = 60_000;
const NO_LIMIT = () => undefined;

/**
 * A client on its socket, whatever it speaks: it stands in the list of clients from accept to close, and one time
 * limit at a time runs on it.
 */
export abstract class ClientConnection implements Client, PlayerHost {
  readonly id: string;
  readonly sinceMs: number;
  address: string;
  key: StreamKey | null = null;
  name = '';
  abstract readonly type: ClientType;
  abstract readonly tcUrl: string;
  abstract readonly pageUrl: string;
  abstract readonly swfUrl: string;
  protected readonly socket: Socket;
  protected readonly context: ServerContext;
  protected readonly reads: ReadHolds;
  /** What the peer says of the client's address is believed: it is a relay on this host. */
  protected readonly trustsPeer: boolean;
  readonly #o: ConnectionOptions;
  /** A player has no limit for hours: its last one's timer must not stay with it. */
  #cancelLimit: () => void = NO_LIMIT;
  /** Of answers since its socket had nothing to write. */
  #unreadBytes = 0;
  #closed = false;
  /** Why it ends; the first reason holds. */
  #end: ClientEnd | null = null;
  #takenSentBytes = 0;
  /** What it was last given parts of. */
  #gotten: StreamKey | null = null;
  /** Null while no vhost that it came to restricts access. */
  #guest: Guest | null = null;
  #isAsked = false;
  #sharesReads = false;
  /** What it says while it is asked about; null: it is not. */
  #aside: Aside | null = null;

  constructor(socket: Socket, context: ServerContext, o: ConnectionOptions) {
    this.socket = socket;
    this.context = context;
    this.reads = new ReadHolds(socket, context.timers);
    this.#o = o;
    this.id = newClientId(context);
    this.sinceMs = context.timers.now();
    this.address = o.address ?? addressOf(socket);
    this.trustsPeer = !o.handedOff && isOfThisHost(socket);
    context.clients.add(this);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEPALIVE_AFTER_MS);
    socket.on('data', (data: Buffer) => this.#hear(data));
    socket.on('drain', () => {
      this.#unreadBytes = 0;
      this.onDrain();
    });
    // A FIN is a leave, and is passed on: the pull may be for this client alone.
    socket.on('end', () => socket.destroy());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A reset is how many players leave; a peer that vanished answers keepalive no more.
      this.#end ??= error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'client-left' : 'error';
    });
    socket.on('close', () => this.#onClose());
  }

  get asks(): 'answered' | 'kept' | 'never' {
    return this.#aside === null ? 'never' : 'answered';
  }
  get sentBytes(): number {
    return this.socket.bytesWritten;
  }
  get receivedBytes(): number {
    return this.socket.bytesRead;
  }

  close(end: ClientEnd, why: string = end): void {
    if (this.#closed) return;
    this.#end ??= end;
    this.context.log.debug({ client: this.id, why }, 'client closed');
    this.socket.destroy();
  }

  protected abstract onData(data: Buffer): void;
  protected abstract onDrain(): void;
  /** Takes it out of its stream; may be called when it is in none. */
  protected abstract leaveStream(): void;

  /** Calls `onLimit` after `ms`, in place of the limit that ran before. */
  protected setLimit(ms: number, onLimit: () => void): void {
    this.#cancelLimit();
    this.#cancelLimit = this.context.timers.after(ms, onLimit);
  }

  /** Closes it once it is late, in place of the limit that ran before. */
  protected watch(what: string, isLate: () => boolean): void {
    this.setLimit(WATCH_MS, () => {
      if (isLate()) this.timeOut(what);
      else this.watch(what, isLate);
    });
  }

  protected clearLimit(): void {
    this.#cancelLimit();
    this.#cancelLimit = NO_LIMIT;
  }

  protected timeOut(what: string): void {
    this.context.trouble.timeouts++;
    this.close('error', `time-out: ${what}`);
  }

  /** What it was sent since this was last asked: to one stream, if it goes from stream to stream. */
  protected takeSentBytes(): number {
    const bytes = this.sentBytes - this.#takenSentBytes;
    this.#takenSentBytes += bytes;
    return bytes;
  }

  /** Writes what it asked for. */
  protected answer(bytes: Buffer): void {
    if (this.socket.destroyed || this.socket.writableEnded) return;
    // A player may be in the middle of a key frame of megabytes.
    if (this.socket.writableLength === 0) this.#unreadBytes = 0;
    this.#unreadBytes += bytes.length;
    this.socket.write(bytes);
    const { writableLength } = this.socket;
    if (Math.min(this.#unreadBytes, writableLength) > MAX_UNREAD_BYTES)
      this.close('slow', 'it does not read its answers');
  }

  /** Hangs up after what was written; a peer that does not listen is cut. */
  protected endAfterWrites(end: ClientEnd, why: string): void {
    this.#end ??= end;
    this.socket.end();
    this.setLimit(GOODBYE_MS, () => this.close(end, why));
  }

  /**
   * It got all that it asked for, as if it had left by itself. What it has not taken yet is watched as any player's writes
   * are; then it hangs up, or is cut: data of its that came to a closed socket would cost it what waits in the kernel.
   */
  playedOut(): void {
    this.#end ??= 'client-left';
    this.socket.end(() => {
      if (!this.socket.destroyed) this.setLimit(PLAYED_OUT_MS, () => this.close('client-left', 'it played all'));
    });
  }

  /** From now on it stands in the lists with this stream, by the name that it gave it. */
  protected uses(key: StreamKey, use: StreamUse, name: string): void {
    this.key = key;
    this.name = name;
    this.#o.onUses?.(streamUrlOf(key), use);
  }

  /** It was given a part of this stream: its pod lists connections, and here a viewer over HLS is a row of its own. */
  protected gets(key: StreamKey): void {
    if (key === this.#gotten || (this.#gotten !== null && keyText(key) === keyText(this.#gotten))) return;
    this.#gotten = key;
    this.#o.onUses?.(streamUrlOf(key), 'play');
  }

  protected get guest(): Guest {
    this.#guest ??= this.context.admission.guest();
    return this.#guest;
  }

  /** `said`: of RTMP, at connect. */
  protected visitor(over: Visitor['over'], said: Pick<Visitor, 'args' | 'hops'> = {}): Visitor {
    const { id, address, tcUrl, pageUrl, swfUrl } = this;
    return { id, address, over, tcUrl, pageUrl, swfUrl, ...said };
  }

  /**
   * Waits for the answer to a question about it: of its guest, in a vhost with `access`, as a rule. What it says meanwhile is
   * heard after the answer; if it leaves meanwhile its place is free at once, and nobody is told the answer.
   */
  protected waitFor(question: Promise<Refusal | null>, onAnswer: (refusal: Refusal | null) => void): void {
    this.#aside ??= new Aside();
    this.#isAsked = true;
    void question.then((refusal) => {
      if (this.#closed || this.socket.destroyed) return;
      this.#isAsked = false;
      onAnswer(refusal);
      // What it said before may have begun the next question.
      if (!this.#isAsked) this.#hearAside();
    });
  }

  #hear(data: Buffer): void {
    // Once it was said goodbye nothing that it says changes that.
    if (this.#closed || this.socket.destroyed || this.socket.writableEnded) return;
    if (this.#aside === null) this.onData(data);
    else if (!this.#aside.keep(data)) this.reads.hold('aside');
  }

  #hearAside(): void {
    const said = this.#aside?.take();
    this.#aside = null;
    this.reads.letGo('aside');
    if (said !== undefined && said.length > 0) this.#hear(said);
  }

  /** It has much to say: from now on what `onData` is given is its only until it returns. */
  protected shareReads(): void {
    if (this.#sharesReads) return;
    this.#sharesReads = true;
    shareReads(this.socket, (data) => this.#hear(data));
  }

  /** It plays or publishes no more. */
  protected left(): void {
    this.#guest?.leave();
  }

  /** It was let in, but cannot be served. */
  protected turnedAway(): void {
    this.#guest?.turnedAway();
  }

  pendingBytes(): number {
    return pendingWriteBytes(this.socket);
  }

  jumped(): void {
    this.context.trouble.jumps++;
  }

  tooSlow(): void {
    this.context.trouble.slowClosed++;
    this.close('slow');
  }

  /** Its socket is closed. */
  protected gone(): void {
    this.leaveStream();
  }

  #onClose(): void {
    if (this.#closed) return;
    this.gone();
    this.#closed = true;
    this.#cancelLimit();
    this.reads.dispose();
    this.context.clients.remove(this);
    const { sentBytes, receivedBytes } = this;
    this.#guest?.close(sentBytes, receivedBytes);
    this.#o.onClosed?.({ end: this.#end ?? 'client-left', sentBytes, receivedBytes });
  }
}
