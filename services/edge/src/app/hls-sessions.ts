import type { ClientEnd } from '@dolphin/protocol';
import { randomId } from '../domain/random-id.js';
import { keyText, type StreamKey } from '../domain/stream-key.js';
import type { Client, Clients } from './clients.js';
import type { HttpRequest } from './http-routes.js';
import type { Timers } from './ports.js';

/** As SRS: it looks for viewers that are gone each 5 s. */
const LOOK_MS = 5000;
/** As SRS: a viewer that asked nothing for two windows is gone. */
const GONE_AFTER_WINDOWS = 2;
const TOKEN_CHARS = 8;

export interface SessionsOptions {
  readonly clients: Clients;
  readonly timers: Timers;
  /** Of tokens, which let in where the vhost restricts access: nobody may be able to guess it. */
  readonly random: () => number;
}

export interface NewSession {
  /** Its token, of `tokenFor`. */
  readonly id: string;
  readonly key: StreamKey;
  readonly request: HttpRequest;
  /** Of its vhost's playlists. */
  readonly windowMs: number;
  onEnd(): void;
}

/** One viewer over HLS, over all its connections: it stands in the list of clients as they do. */
export class HlsSession implements Client {
  readonly id: string;
  readonly key: StreamKey;
  readonly sinceMs: number;
  readonly type = 'hls-play';
  readonly tcUrl: string;
  readonly pageUrl: string;
  readonly swfUrl = '';
  readonly name: string;
  readonly address: string;
  readonly receivedBytes = 0;
  readonly #onClose: (session: HlsSession) => void;
  /** Bodies of its playlists and segments; their connections count them, too. */
  sentBytes = 0;
  /** An operator ended it: it gets no more, and no other under its token. */
  isClosed = false;
  lastMs: number;

  constructor(o: {
    id: string;
    key: StreamKey;
    request: HttpRequest;
    sinceMs: number;
    onClose: (session: HlsSession) => void;
  }) {
    const { key, request } = o;
    this.id = o.id;
    this.key = key;
    this.sinceMs = o.sinceMs;
    this.name = `${key.stream}.m3u8`;
    this.tcUrl = `http://${request.host}/${key.app}`;
    this.pageUrl = request.header('referer');
    this.address = request.address;
    this.lastMs = o.sinceMs;
    this.#onClose = o.onClose;
  }

  close(_end: ClientEnd): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#onClose(this);
  }
}

/** Viewers over HLS, as far as they can be known: by the token that each is given with its first playlist. */
export class HlsSessions {
  readonly #sessions = new Map<string, { session: HlsSession; goneAfterMs: number }>();
  readonly #o: SessionsOptions;
  #looks = false;

  constructor(o: SessionsOptions) {
    this.#o = o;
  }

  /** The session with this token, of this stream; null: there is none. It is alive from now on. */
  find(token: string | null, key: StreamKey): HlsSession | null {
    const session = token === null ? undefined : this.#sessions.get(token)?.session;
    if (session === undefined || keyText(session.key) !== keyText(key)) return null;
    if (!session.isClosed) session.lastMs = this.#o.timers.now();
    return session;
  }

  /** A token for a new viewer: the one that it brings, of a server before this one, unless it is somebody's here. */
  tokenFor(brought: string | null): string {
    let id = brought ?? this.#newToken();
    while (this.#isTaken(id)) id = this.#newToken();
    return id;
  }

  /** Null: there are as many sessions as may be connections, or the token is somebody's by now. */
  open({ id, key, request, windowMs, onEnd }: NewSession): HlsSession | null {
    const { clients, timers } = this.#o;
    if (clients.isFullOfSessions || this.#isTaken(id)) return null;
    const onClose = (session: HlsSession) => {
      clients.remove(session);
      onEnd();
    };
    const session = new HlsSession({ id, key, request, sinceMs: timers.now(), onClose });
    this.#sessions.set(id, { session, goneAfterMs: GONE_AFTER_WINDOWS * windowMs });
    clients.add(session);
    if (!this.#looks) this.#lookLater();
    return session;
  }

  #look(): void {
    const nowMs = this.#o.timers.now();
    for (const [id, { session, goneAfterMs }] of this.#sessions) {
      if (nowMs - session.lastMs < goneAfterMs) continue;
      this.#sessions.delete(id);
      session.close('client-left');
    }
    this.#looks = false;
    if (this.#sessions.size > 0) this.#lookLater();
  }

  #lookLater(): void {
    this.#looks = true;
    this.#o.timers.after(LOOK_MS, () => this.#look());
  }

  #isTaken(id: string): boolean {
    return this.#o.clients.get(id) !== undefined || this.#sessions.has(id);
  }

  #newToken(): string {
    return randomId(TOKEN_CHARS, this.#o.random);
  }
}
