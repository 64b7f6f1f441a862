import type { Socket } from 'node:net';
import type { ClientBytes, ClientEnd, ClientProtocol, CloseReason, LeftClient, RelayTarget } from '@dolphin/protocol';
import { encodeProxyHeader } from '@dolphin/srs';
import { normalAddress } from '../domain/client-address.js';
import { asksForHls } from '../domain/hls-request.js';
import { refusal } from '../domain/http-head.js';
import { streamOfRequest } from '../domain/relayed-stream.js';
import { refuseClient } from '../process/public-listener.js';
import { readClientHead } from './client-head.js';
import { connectEdge } from './connect-edge.js';
import { DownPump, overdue, UpPump } from './pump.js';
import { KEEPALIVE_AFTER_MS, type RelayLimits } from './relay-limits.js';
import { SCRATCH_BYTES, ScratchPool } from './scratch-pool.js';

export interface RelayedClient {
  readonly id: number;
  readonly protocol: ClientProtocol;
  /** As a front told it; without it the socket's own. */
  readonly address?: string | undefined;
}

/** Where a client goes: the edges to try, in this order. */
export type Whereto =
  | {
      readonly targets: readonly RelayTarget[];
      /** The same for a request for HLS; absent: it makes no difference. */
      readonly http?: readonly RelayTarget[] | undefined;
    }
  | { readonly refusal: string };

export interface RelaySessionEvents {
  onRouted(id: number, edge: string): void;
  onConnectFailed(id: number, edge: string, code: string): void;
  /** Exactly once, when both connections are closed. */
  onLeft(client: LeftClient): void;
}

const readBuffer = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
const scratch = new ScratchPool();

/** How often stalls and idleness are looked at: one timer per connection, not one per write. */
const CHECKS_PER_LIMIT = 4;
/** Of a client that waits: players and publishers wait for an answer before they say more. */
const MAX_EARLY_BYTES = 16 * 1024;

/** One client, from its first byte to its end: head, edge, bytes both ways. */
export class RelaySession {
  readonly #who: RelayedClient;
  readonly #client: Socket;
  readonly #limits: RelayLimits;
  readonly #events: RelaySessionEvents;
  readonly #address: string;
  readonly #down: DownPump;
  #edgeName: string | null = null;
  /** Also while it is dialled. */
  #edge: Socket | null = null;
  #stream: string | null = null;
  /** Why it ends; the first reason holds. */
  #end: ClientEnd | null = null;
  #counted = 0;

  constructor(who: RelayedClient, client: Socket, limits: RelayLimits, events: RelaySessionEvents) {
    this.#who = who;
    this.#client = client;
    this.#limits = limits;
    this.#events = events;
    // Empty when the client is gone already.
    this.#address = who.address ?? normalAddress(client.remoteAddress);
    this.#down = new DownPump(client, scratch);
  }

  /** The edge it is connected to, and the bytes sent to the client since the last call. */
  takeSentBytes(): { edge: string; bytes: number } | null {
    if (this.#edgeName === null) return null;
    const bytes = this.#down.sentBytes - this.#counted;
    this.#counted = this.#down.sentBytes;
    return { edge: this.#edgeName, bytes };
  }

  /** The stream that its request asks for; null: not known, as of RTMP clients. */
  get stream(): string | null {
    return this.#stream;
  }

  /** What its connection sent and received, heads and answers included. */
  get bytes(): ClientBytes {
    return { id: this.#who.id, sentBytes: this.#client.bytesWritten, receivedBytes: this.#client.bytesRead };
  }

  /** Cuts both connections. */
  close(why: CloseReason): void {
    this.#end ??= why;
    this.#client.destroy();
    this.#edge?.destroy();
  }

  /** `whereto` is awaited while the client's first words are read. Resolves when it is over; never rejects. */
  async run(whereto: Whereto | Promise<Whereto>): Promise<void> {
    const client = this.#client;
    client.on('error', (error: NodeJS.ErrnoException) => {
      // A reset is how many players leave; a peer that vanished answers keepalive no more.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') this.#end ??= 'error';
    });
    client.setNoDelay(true);
    client.setKeepAlive(true, KEEPALIVE_AFTER_MS);
    try {
      await this.#serve(whereto);
    } finally {
      client.destroy();
      this.#events.onLeft({ ...this.bytes, end: this.#end ?? 'client-left' });
    }
  }

  async #serve(whereto: Whereto | Promise<Whereto>): Promise<void> {
    const client = this.#client;
    const { protocol } = this.#who;
    // At once, whatever it has said by then: it may never say anything.
    void Promise.resolve(whereto).then((where) => {
      if ('refusal' in where && !client.destroyed) refuseClient(client, protocol, where.refusal);
    });
    const head = await readClientHead(client, protocol, { address: this.#address, headMs: this.#limits.headMs });
    if (head.type === 'none') {
      this.#end ??= head.end;
      if (head.answer !== null) await this.#answer(head.answer);
      return;
    }
    const where = whereto instanceof Promise ? await this.#answered(whereto) : whereto;
    if ('refusal' in where) {
      if (!client.destroyed) await new Promise((resolve) => client.once('close', resolve));
      return;
    }
    if (protocol === 'http') this.#stream = streamOfRequest(head.forward);
    const { targets, http = targets } = where;
    const found = await this.#connect(protocol === 'http' && asksForHls(head.forward) ? http : targets);
    if (found === null) {
      if (!client.destroyed) this.#end ??= 'error';
      if (protocol === 'http' && !client.destroyed) {
        await this.#answer(refusal(503, 'E_UNREACHABLE', 'no edge accepts', 1));
      }
      return;
    }
    const { edge, target } = found;
    this.#edgeName = target.edge;
    this.#events.onRouted(this.#who.id, target.edge);
    const proxyHeader = protocol === 'rtmp' && target.proxyHeader ? encodeProxyHeader(this.#address) : null;
    edge.write(proxyHeader === null ? head.forward : Buffer.concat([proxyHeader, head.forward]));
    await this.#pump(edge, head.bodyBytes);
  }

  /**
   * Reads on while the pod decides: who left by then would not be seen, and count as one who waits. What it said is read
   * again afterwards, first.
   */
  async #answered(whereto: Promise<Whereto>): Promise<Whereto> {
    const client = this.#client;
    const early: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer) => {
      early.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_EARLY_BYTES) client.pause();
    };
    const onEnd = () => client.destroy();
    client.on('data', onData);
    client.once('end', onEnd);
    client.resume();
    const where = await whereto;
    client.off('data', onData);
    client.off('end', onEnd);
    client.pause();
    if (early.length > 0 && !client.destroyed) client.unshift(Buffer.concat(early));
    return where;
  }

  async #connect(targets: readonly RelayTarget[]): Promise<{ edge: Socket; target: RelayTarget } | null> {
    const client = this.#client;
    const onLeft = () => this.#edge?.destroy();
    client.once('close', onLeft);
    try {
      for (const target of targets) {
        if (client.destroyed) return null;
        const edge = await connectEdge(target, {
          connectMs: this.#limits.connectMs,
          reader: { buffer: readBuffer, onBytes: (bytes) => this.#down.onBytes(readBuffer, bytes) },
          onDialling: (socket) => {
            this.#edge = socket;
          },
        });
        if (!('code' in edge)) return { edge, target };
        if (client.destroyed) return null;
        this.#events.onConnectFailed(this.#who.id, target.edge, edge.code);
      }
      return null;
    } finally {
      client.off('close', onLeft);
    }
  }

  /** Until both are closed. Whoever ends first gets what is under way delivered, the other side's end passed on. */
  #pump(edge: Socket, bodyBytes: number): Promise<void> {
    const client = this.#client;
    const up = new UpPump(client, edge, bodyBytes);
    this.#down.useEdge(edge);
    return new Promise((resolve) => {
      let lingering: NodeJS.Timeout | undefined;
      const check = setInterval(() => {
        const late = overdue(performance.now(), this.#down, up, this.#limits);
        if (late === null) return;
        this.#end ??= late === 'slow' ? 'slow' : 'error';
        destroyBoth();
      }, this.#limits.stallMs / CHECKS_PER_LIMIT);
      const destroyBoth = () => {
        client.destroy();
        edge.destroy();
      };
      const linger = () => {
        lingering ??= setTimeout(destroyBoth, this.#limits.lingerMs);
      };
      const onClose = () => {
        if (!client.destroyed || !edge.destroyed) return;
        clearInterval(check);
        clearTimeout(lingering);
        resolve();
      };
      edge.on('error', () => undefined);
      // A client's end is its leave: the edge gets what was sent, then the end.
      client.on('end', () => {
        this.#end ??= 'client-left';
        endOnce(edge);
        linger();
      });
      client.on('close', () => {
        this.#end ??= 'client-left';
        endOnce(edge);
        // The edge might go on sending to nobody.
        edge.resume();
        linger();
        onClose();
      });
      // Ending the client's side waits for what it was given; a client that takes none of it is stalled.
      edge.on('end', () => {
        this.#end ??= 'edge-closed';
        endOnce(client);
      });
      edge.on('close', () => {
        this.#end ??= 'edge-closed';
        endOnce(client);
        // What it was given is being taken, or it is stalled.
        if (client.writableFinished) linger();
        else client.once('finish', linger);
        onClose();
      });
      up.start();
      edge.resume();
      // Both may be gone by now: the events were before these handlers.
      if (client.destroyed) edge.destroy();
      onClose();
    });
  }

  /** Says a last word to a client whose request nobody serves. What it still sends must be read, or a reset eats the answer. */
  #answer(answer: Buffer): Promise<void> {
    const client = this.#client;
    return new Promise((resolve) => {
      const timer = setTimeout(() => client.destroy(), this.#limits.lingerMs);
      client.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      client.on('data', () => undefined);
      client.resume();
      client.end(answer);
      if (client.destroyed) {
        clearTimeout(timer);
        resolve();
      }
    });
  }
}

/** A second `end` would make an error that nobody reads, with a stack: a twentieth of what a short connection costs. */
function endOnce(socket: Socket): void {
  if (!socket.destroyed && !socket.writableEnded) socket.end();
}
