import type { EncoderKind } from '@dolphin/media';
import type { ClientEnd } from '@dolphin/protocol';
import type { StreamKey } from '../domain/stream-key.js';

export type ClientType = 'rtmp-play' | 'flv-play' | 'hls-play' | `${EncoderKind}-publish` | 'unknown';

/** A client's connection, as the API and the limits see it. */
export interface Client {
  readonly id: string;
  /** As far as it is known: a relay may have told another than the socket's. */
  readonly address: string;
  readonly type: ClientType;
  /** Null until it plays or publishes. */
  readonly key: StreamKey | null;
  readonly tcUrl: string;
  readonly pageUrl: string;
  readonly swfUrl: string;
  /** Stream name as the client asked for it. */
  readonly name: string;
  readonly sinceMs: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** `answered`: it waits for word whether it may come in, or is being given what it asked for; `kept`: it was, and may ask again. */
  readonly asks?: 'answered' | 'kept' | 'never';
  /** Cuts the connection. `why` is for the log. */
  close(end: ClientEnd, why?: string): void;
  /** Ends it if it is kept between two requests. */
  endKept?(): void;
}

/** kbit/s over the last half minute; 0 before. */
export interface Rate {
  receivedKbps: number;
  sentKbps: number;
}

interface Row {
  readonly client: Client;
  atSent: number;
  atReceived: number;
  readonly rate: Rate;
}

/** Clients say what they want within some round trips; this is more than a bad line needs. */
export const MIN_SILENT_MS = 3000;
/** SRS's window. */
export const RATE_WINDOW_MS = 30_000;

/** All connections of this process. Counters go on after a client left: totals never fall. */
export class Clients {
  readonly #rows = new Map<string, Row>();
  /** max_connections; with a lower one nobody is cut. */
  max: number;
  /** False while the server is to end: a connection does not outlive its answer, so that who asks again asks another. */
  keepsConnections = true;
  #sessions = 0;
  #goneSent = 0;
  #goneReceived = 0;
  /** Connections refused because there were max_connections. */
  refused = 0;

  constructor(maxConnections: number) {
    this.max = maxConnections;
  }

  /** Connections. */
  get count(): number {
    return this.#rows.size - this.#sessions;
  }

  get isFull(): boolean {
    return this.count >= this.max;
  }

  /** No more viewers over HLS: they take no connection's place, but each costs memory for as long as it is known. */
  get isFullOfSessions(): boolean {
    return this.#sessions >= this.max;
  }

  add(client: Client): void {
    if (isSession(client)) this.#sessions++;
    this.#rows.set(client.id, { client, atSent: 0, atReceived: 0, rate: { receivedKbps: 0, sentKbps: 0 } });
  }

  remove(client: Client): void {
    if (!this.#rows.delete(client.id)) return;
    if (isSession(client)) {
      this.#sessions--;
      return;
    }
    this.#goneSent += client.sentBytes;
    this.#goneReceived += client.receivedBytes;
  }

  /**
   * For one more client when all places are taken: the oldest that has said neither what it plays nor what it publishes
   * goes, after MIN_SILENT_MS. So connections without data keep nobody out for longer than that. Where there is none, one
   * goes that a viewer over HLS keeps between two requests: it comes again; in the middle of a segment none goes.
   */
  makeRoom(nowMs: number): boolean {
    let kept: Client | null = null;
    for (const { client } of this.#rows.values()) {
      if (nowMs - client.sinceMs < MIN_SILENT_MS) break;
      if (client.key !== null || client.asks === 'answered') continue;
      if (client.asks !== 'kept') return this.#giveUp(client);
      kept ??= client;
    }
    return kept !== null && this.#giveUp(kept);
  }

  #giveUp(client: Client): true {
    // At once: its socket's own end comes later.
    this.remove(client);
    client.close('limit', 'silent, and its place is needed');
    return true;
  }

  /** From now on no connection is kept between two requests. */
  keepNoMore(): void {
    this.keepsConnections = false;
    for (const { client } of this.#rows.values()) client.endKept?.();
  }

  keepAgain(): void {
    this.keepsConnections = true;
  }

  /** Publishers first: what is heard of them last goes to players that are still there. */
  closeAll(end: ClientEnd): void {
    for (const isPublishers of [true, false]) {
      for (const { client } of this.#rows.values()) {
        if (client.type.endsWith('-publish') === isPublishers) client.close(end);
      }
    }
  }

  get(id: string): { client: Client; rate: Rate } | undefined {
    return this.#rows.get(id);
  }

  *all(): IterableIterator<{ client: Client; rate: Rate }> {
    yield* this.#rows.values();
  }

  /** Bytes of all connections since start. */
  totals(): { sent: number; received: number } {
    let sent = this.#goneSent;
    let received = this.#goneReceived;
    for (const { client } of this.#rows.values()) {
      if (isSession(client)) continue;
      sent += client.sentBytes;
      received += client.receivedBytes;
    }
    return { sent, received };
  }

  /** Each RATE_WINDOW_MS. */
  measure(): void {
    for (const row of this.#rows.values()) {
      const { sentBytes, receivedBytes } = row.client;
      row.rate.sentKbps = Math.round(((sentBytes - row.atSent) * 8) / RATE_WINDOW_MS);
      row.rate.receivedKbps = Math.round(((receivedBytes - row.atReceived) * 8) / RATE_WINDOW_MS);
      row.atSent = sentBytes;
      row.atReceived = receivedBytes;
    }
  }
}

/** A viewer over HLS is no connection: its bytes are those of its connections, which are clients themselves. */
function isSession({ type }: Client): boolean {
  return type === 'hls-play';
}
