import type { Socket } from 'node:net';
import { type ClientProtocol, DOLPHIN_VERSION, type EdgeMessage, PodMessage } from '@dolphin/protocol';
import type { Log, Timers } from '../app/ports.js';

const BEAT_MS = 1000;
const TAKES: ClientProtocol[] = ['rtmp', 'http'];

/** What a parent's IPC channel gives; `process` has it when it was forked with one. */
export interface IpcChannel {
  send(message: EdgeMessage, done: (error: Error | null) => void): void;
  onMessage(listener: (message: unknown, handle: unknown) => void): void;
  onDisconnect(listener: () => void): void;
}

export interface PodLinkOptions {
  readonly channel: IpcChannel;
  readonly timers: Timers;
  readonly log: Log;
  /**
   * Serves a client that was handed off; `left` is to be called once when it is gone. `address`: the client's, where
   * it is not the socket's.
   */
  take(socket: Socket, protocol: ClientProtocol, left: () => void, address: string | undefined): void;
  beat(): { clients: number; streams: number; sentBytes: number; receivedBytes: number };
  /** The pod is dead. */
  onPodGone(): void;
}

/**
 * The edge's end of the channel to its pod: it says that it takes sockets, takes them, and tells when their clients
 * are gone. A pod that does not read makes nothing grow here but the list of those gone, which its clients bound.
 */
export class PodLink {
  readonly #o: PodLinkOptions;
  #left: number[] = [];
  #sendingLeft = false;
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

  stop(): void {
    this.#cancelBeat();
  }

  #onMessage(message: unknown, handle: unknown): void {
    const parsed = PodMessage.safeParse(message);
    if (!parsed.success) {
      this.#o.log.warn({ why: parsed.error.issues[0]?.message }, 'a message of the pod cannot be read');
      return;
    }
    const { id, protocol, head, address } = parsed.data;
    // Before anything of it is read: from here on the client is lost with us, and not with the pod.
    this.#o.channel.send({ type: 'took', id }, () => undefined);
    if (!isSocket(handle)) {
      // The client hung up on its way here.
      this.#onLeft(id);
      return;
    }
    // What the pod read is read again here, first.
    if (head !== undefined) handle.unshift(Buffer.from(head, 'base64'));
    this.#o.take(handle, protocol, () => this.#onLeft(id), address);
  }

  #onLeft(id: number): void {
    this.#left.push(id);
    this.#flushLater();
  }

  /** At the end of this turn of the event loop: thousands may leave at once. */
  #flushLater(): void {
    if (this.#flushAsked || this.#sendingLeft) return;
    this.#flushAsked = true;
    this.#o.timers.after(0, () => {
      this.#flushAsked = false;
      if (this.#left.length === 0) return;
      this.#sendingLeft = true;
      this.#o.channel.send({ type: 'left', ids: this.#left.splice(0, 100_000) }, () => {
        this.#sendingLeft = false;
        if (this.#left.length > 0) this.#flushLater();
      });
    });
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
