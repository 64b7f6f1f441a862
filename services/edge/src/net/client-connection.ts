import type { Socket } from 'node:net';
import type { Client, ClientType } from '../app/clients.js';
import { newClientId, type ServerContext } from '../app/server.js';
import type { StreamKey } from '../domain/stream-key.js';
import { addressOf, isLoopback, pendingWriteBytes } from './socket-facts.js';

export interface ConnectionOptions {
  /** Its pod accepted it: nobody but the client is at the other end. */
  readonly handedOff: boolean;
  /** The client's address, where it is not the socket's: its pod had it from a front. */
  readonly address?: string;
  /** Called once, when it is gone. */
  readonly onClosed?: () => void;
}

/** How long a peer that was told goodbye may take to hang up. */
const GOODBYE_MS = 1000;
/**
 * Probes of a silent peer begin after this long. A player whose stream has not come is written nothing: if its host
 * vanished, nothing else would tell, and its pull would be tried for ever.
 */
const KEEPALIVE_AFTER_MS = 60_000;

/**
 * A client on its socket, whatever it speaks: it stands in the list of clients from accept to close, and one time
 * limit at a time runs on it.
 */
export abstract class ClientConnection implements Client {
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
  /** What the peer says of the client's address is believed: it is a relay on this host. */
  protected readonly trustsPeer: boolean;
  readonly #onClosed: (() => void) | undefined;
  #cancelLimit: () => void = () => undefined;
  #closed = false;
  #takenSentBytes = 0;

  constructor(socket: Socket, context: ServerContext, o: ConnectionOptions) {
    this.socket = socket;
    this.context = context;
    this.#onClosed = o.onClosed;
    this.id = newClientId(context);
    this.sinceMs = context.timers.now();
    this.address = o.address ?? addressOf(socket);
    this.trustsPeer = !o.handedOff && isLoopback(this.address);
    context.clients.add(this);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEPALIVE_AFTER_MS);
    socket.on('data', (data: Buffer) => {
      if (!this.#closed && !socket.destroyed) this.onData(data);
    });
    socket.on('drain', () => this.onDrain());
    // A FIN is a leave, and is passed on: the pull may be for this client alone.
    socket.on('end', () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('close', () => this.#onClose());
  }

  get sentBytes(): number {
    return this.socket.bytesWritten;
  }
  get receivedBytes(): number {
    return this.socket.bytesRead;
  }

  close(why: string): void {
    if (this.#closed) return;
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

  protected clearLimit(): void {
    this.#cancelLimit();
  }

  protected timeOut(what: string): void {
    this.context.trouble.timeouts++;
    this.close(`time-out: ${what}`);
  }

  /** What it was sent since this was last asked: to one stream, if it goes from stream to stream. */
  protected takeSentBytes(): number {
    const bytes = this.sentBytes - this.#takenSentBytes;
    this.#takenSentBytes += bytes;
    return bytes;
  }

  /** Hangs up after what was written; a peer that does not listen is cut. */
  protected endAfterWrites(why: string): void {
    this.socket.end();
    this.setLimit(GOODBYE_MS, () => this.close(why));
  }

  /** What a player of either protocol has from its connection. */
  protected playerBase() {
    return {
      sink: this.socket,
      pendingBytes: () => pendingWriteBytes(this.socket),
      jumped: () => {
        this.context.trouble.jumps++;
      },
      close: (why: 'slow' | 'duration') => {
        if (why === 'slow') this.context.trouble.slowClosed++;
        this.close(why);
      },
    };
  }

  #onClose(): void {
    if (this.#closed) return;
    this.leaveStream();
    this.#closed = true;
    this.#cancelLimit();
    this.context.clients.remove(this);
    this.#onClosed?.();
  }
}
