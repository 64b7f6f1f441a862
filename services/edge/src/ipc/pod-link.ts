import type { Socket } from 'node:net';
import type { ClientEnd, ClientProtocol, EdgeMessage, LeftClient, StreamUse, Take } from '@dolphin/protocol';
import { DOLPHIN_VERSION, MAX_CLIENTS_PER_MESSAGE, MAX_STREAM_CHARS } from '@dolphin/protocol/plain.js';
import type { Log, Timers } from '../app/ports.js';
import { isPodMessage } from './pod-message.js';

const BEAT_MS = 1000;
const TELL_EVERY_MS = 20;
const TAKES: ClientProtocol[] = ['rtmp', 'http'];

/** What a parent's IPC channel gives; `process` has it when it was forked with one. */
export interface IpcChannel {
  send(message: EdgeMessage, done: (error: Error | null) => void): void;
  onMessage(listener: (message: unknown, handle: unknown) => void): void;
  onDisconnect(listener: () => void): void;
}

/** A client that is served, as the pod may ask about it. */
export interface TakenClient {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  close(end: ClientEnd): void;
}

/** What is to be told of a client that was taken; `onClosed` once. */
export interface TakenEvents {
  onUses(stream: string, use: StreamUse): void;
  onClosed(gone: Omit<LeftClient, 'id'>): void;
}

export interface PodLinkOptions {
  readonly channel: IpcChannel;
  readonly timers: Timers;
  readonly log: Log;
  /**
   * Serves a client that was handed off; null: it is closed already, and that was told. `address`: the client's, where
   * it is not the socket's.
   */
  take(socket: Socket, protocol: ClientProtocol, o: TakenEvents & { address: string | undefined }): TakenClient | null;
  beat(): { clients: number; streams: number; sentBytes: number; receivedBytes: number };
  /** Whether HTTP connections may be kept between two requests. */
  keepConnections(on: boolean): void;
  /** The pod is dead. */
  onPodGone(): void;
}

/**
 * The edge's end of the channel to its pod: it says that it takes sockets, takes them, and tells when their clients
 * are gone. A pod that does not read makes nothing grow here but the lists of what its clients did, which they bound.
 */
export class PodLink {
  readonly #o: PodLinkOptions;
  readonly #taken = new Map<number, TakenClient>();
  readonly #uses = new Map<number, { id: number; stream: string; use: StreamUse }>();
  #left: LeftClient[] = [];
  #sending = false;
  #flushAsked = false;
  #sendingBeat = false;
  #cancelBeat: () => void = () => undefined;

  constructor(o: PodLinkOptions) {
    this.#o = o;
  }

  start(): void {
    const { channel } = this.#o;
    channel.onDisconnect(() => this.#o.onPodGone());
    channel.onMessage((message, handle) => this.#onMessage(message, handle));
    channel.send({ type: 'hello', takes: TAKES, version: DOLPHIN_VERSION }, () => undefined);
    this.#beatLater();
  }

  /** It ends slowly. Sockets that are on their way are served; the pod takes the next ones elsewhere. */
  takeNoMore(): void {
    this.#o.channel.send({ type: 'hello', takes: [], version: DOLPHIN_VERSION }, () => undefined);
  }

  stop(): void {
    this.#cancelBeat();
  }

  #onMessage(asked: unknown, handle: unknown): void {
    if (!isPodMessage(asked)) {
      this.#o.log.warn({ asked: JSON.stringify(asked)?.slice(0, 200) }, 'a message of the pod cannot be read');
      return;
    }
    switch (asked.type) {
      case 'take':
        this.#take(asked, handle);
        return;
      case 'close':
        for (const id of asked.ids) this.#taken.get(id)?.close(asked.why);
        return;
      case 'count':
        this.#o.channel.send({ type: 'counts', ask: asked.ask, clients: this.#count(asked.ids) }, () => undefined);
        return;
      case 'keep':
        this.#o.keepConnections(asked.on);
        return;
      default:
        asked satisfies never;
    }
  }

  #take({ id, protocol, head, address }: Take, handle: unknown): void {
    // Before anything of it is read: from here on the client is lost with us, and not with the pod.
    this.#o.channel.send({ type: 'took', id }, () => undefined);
    if (!isSocket(handle)) {
      // The client hung up on its way here.
      this.#onLeft({ id, end: 'client-left', sentBytes: 0, receivedBytes: 0 });
      return;
    }
    // What the pod read is read again here, first.
    if (head !== undefined) handle.unshift(Buffer.from(head, 'base64'));
    const client = this.#o.take(handle, protocol, {
      address,
      onUses: (stream, use) => {
        this.#uses.set(id, { id, stream: stream.slice(0, MAX_STREAM_CHARS), use });
        this.#flushLater();
      },
      onClosed: (gone) => {
        this.#taken.delete(id);
        this.#onLeft({ id, ...gone });
      },
    });
    if (client !== null) this.#taken.set(id, client);
  }

  #count(ids: readonly number[]) {
    return ids.flatMap((id) => {
      const client = this.#taken.get(id);
      return client === undefined ? [] : [{ id, sentBytes: client.sentBytes, receivedBytes: client.receivedBytes }];
    });
  }

  #onLeft(client: LeftClient): void {
    this.#left.push(client);
    this.#flushLater();
  }

  /** In lots: each message costs the pod more than a client in it, and nobody waits for it. */
  #flushLater(): void {
    if (this.#flushAsked || this.#sending) return;
    this.#flushAsked = true;
    this.#o.timers.after(TELL_EVERY_MS, () => {
      this.#flushAsked = false;
      const message = this.#nextNews();
      if (message === null) return;
      this.#sending = true;
      this.#o.channel.send(message, () => {
        this.#sending = false;
        this.#flushLater();
      });
    });
  }

  /** What clients use goes first: of one that is gone again it is still to be known. */
  #nextNews(): EdgeMessage | null {
    if (this.#uses.size > 0) {
      const clients = [...this.#uses.values()].slice(0, MAX_CLIENTS_PER_MESSAGE);
      for (const { id } of clients) this.#uses.delete(id);
      return { type: 'uses', clients };
    }
    if (this.#left.length === 0) return null;
    return { type: 'left', clients: this.#left.splice(0, MAX_CLIENTS_PER_MESSAGE) };
  }

  #beatLater(): void {
    this.#cancelBeat = this.#o.timers.after(BEAT_MS, () => {
      if (!this.#sendingBeat) {
        this.#sendingBeat = true;
        this.#o.channel.send({ type: 'beat', ...this.#o.beat() }, () => {
          this.#sendingBeat = false;
        });
      }
      this.#beatLater();
    });
  }
}

function isSocket(handle: unknown): handle is Socket {
  return typeof handle === 'object' && handle !== null && 'setNoDelay' in handle && 'destroy' in handle;
}

/** The channel of this process, or null when it was not forked with one. */
export function processChannel(process: NodeJS.Process): IpcChannel | null {
  if (process.send === undefined) return null;
  return {
    send: (message, done) => {
      if (process.connected) process.send?.(message, undefined, {}, done);
    },
    onMessage: (listener) => process.on('message', listener),
    onDisconnect: (listener) => process.on('disconnect', listener),
  };
}
