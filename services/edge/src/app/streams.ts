import { ByteAccount, NO_HEADERS, type RtmpMessage, type StreamHeaders } from '@dolphin/media';
import { CONNECT_TIMEOUT_MS, OriginCycle } from '../domain/pull-rules.js';
import { randomId } from '../domain/random-id.js';
import type { Origin, VhostSettings } from '../domain/settings.js';
import { keyText, type StreamKey } from '../domain/stream-key.js';
import type { Player } from './player.js';
import { Pull, type PullContext } from './pull.js';
import { StreamHub } from './stream-hub.js';
import type { Upstream } from './upstream.js';

/** Bytes of all rings together; beyond that each stream that grows gives up its own oldest part. */
const TOTAL_RING_BYTES = 512 * 1024 * 1024;
/**
 * Pulls of streams that have not come yet, in total and for one address: each costs a connection on every hop. 500 at
 * 6 KiB is 3 MiB; 20 leave room for players behind one NAT whose streams are about to begin.
 */
const MAX_UNFED_PULLS = 500;
const MAX_UNFED_PULLS_PER_ADDRESS = 20;

export interface PlayRequest {
  readonly key: StreamKey;
  readonly settings: VhostSettings;
  readonly query: string;
  /** Server ids that asked before us; empty: a viewer. */
  readonly hops: readonly string[];
  readonly address: string;
  /** An edge of this host, by more than its own word: it asks for many viewers. */
  readonly isEdge: boolean;
}

export type PublishRequest = Omit<PlayRequest, 'address' | 'isEdge'>;

/** Who sends a stream's media to this server. */
export interface Publisher {
  readonly id: string;
  /** Told that its stream cannot go on: upstream refused or ended. */
  end(code: string, why: string): void;
  /** The upstream takes media: the client may be told so. */
  ready(): void;
  /** The upstream can take more. */
  resume(): void;
}

/** A publisher's way in: it goes to the stream's players here, or up to an origin. */
export interface PublishPath {
  media(messages: readonly RtmpMessage[]): boolean;
  end(): void;
}

/** A stream as the API shows it. One that is only published through here shows no codecs. */
export interface StreamRow {
  readonly id: string;
  readonly key: StreamKey;
  readonly headers: StreamHeaders;
  readonly videoFrames: number;
  readonly receivedBytes: number;
  readonly goneSentBytes: number;
  isLive: boolean;
  publisherId: string | null;
}

/** A publish that goes on to an upstream server. */
interface Forward {
  readonly id: string;
  readonly key: StreamKey;
  readonly publisher: Publisher;
  receivedBytes: number;
}

interface Entry {
  readonly hub: StreamHub;
  readonly address: string;
  pull: Pull | null;
  publisher: Publisher | null;
}

/** All streams of this server: who publishes, who plays, what is pulled. Entries live while somebody needs them. */
export class Streams {
  readonly #entries = new Map<string, Entry>();
  readonly #forwards = new Map<string, Forward>();
  /** Of each vhost, for publishes: a publisher that is cut comes again, and finds the next origin. */
  readonly #cycles = new Map<string, OriginCycle<Origin>>();
  readonly #total = new ByteAccount(TOTAL_RING_BYTES);
  readonly #chunkSize: number;
  readonly #context: PullContext;
  readonly serverId: string;

  constructor(serverId: string, chunkSize: number, context: PullContext) {
    this.serverId = serverId;
    this.#chunkSize = chunkSize;
    this.#context = context;
  }

  /** Streams that somebody publishes, plays, or waits for. */
  list(): StreamRow[] {
    const rows = new Map<string, StreamRow>();
    for (const { hub, publisher } of this.#entries.values()) {
      const { id, key, headers, videoFrames, receivedBytes, goneSentBytes, isLive } = hub;
      const publisherId = publisher?.id ?? null;
      rows.set(hub.text, { id, key, headers, videoFrames, receivedBytes, goneSentBytes, isLive, publisherId });
    }
    for (const [text, { id, key, publisher, receivedBytes }] of this.#forwards) {
      const row = rows.get(text);
      const goes = { isLive: true, publisherId: publisher.id };
      if (row !== undefined) Object.assign(row, goes);
      else rows.set(text, { id, key, headers: NO_HEADERS, videoFrames: 0, receivedBytes, goneSentBytes: 0, ...goes });
    }
    return [...rows.values()];
  }

  get count(): number {
    let count = this.#entries.size;
    for (const text of this.#forwards.keys()) if (!this.#entries.has(text)) count++;
    return count;
  }

  /** Why a player cannot be taken, or null. `too-many`: see the limits above. */
  refusal(request: PlayRequest): 'loop' | 'too-many' | null {
    if (request.hops.includes(this.serverId)) return 'loop';
    const isNewPull = request.settings.origins !== null && !this.#entries.has(keyText(request.key));
    return isNewPull && this.#tooManyUnfed(request) ? 'too-many' : null;
  }

  /** Adds a player; a stream that is pulled begins to be with its first one. */
  play(request: PlayRequest, player: Player): void {
    const text = keyText(request.key);
    const entry = this.#entries.get(text) ?? this.#open(request.key, request.settings, request.address);
    entry.hub.add(player);
    if (request.settings.origins !== null && entry.pull === null) {
      const hops = [...request.hops, this.serverId];
      entry.pull = new Pull(entry.hub, request.settings.origins, { query: request.query, hops }, this.#context);
      entry.pull.start();
    }
  }

  /** `sentBytes`: what its connection was sent, for the stream's totals. */
  leave(key: StreamKey, player: Player, sentBytes: number): void {
    const entry = this.#entries.get(keyText(key));
    if (entry === undefined) return;
    entry.hub.goneSentBytes += sentBytes;
    entry.hub.remove(player);
    this.#closeIfUnused(entry);
  }

  /** Null: somebody publishes that stream already, or `hops` show a loop. */
  publish(request: PublishRequest, publisher: Publisher): PublishPath | 'busy' | 'loop' {
    if (request.hops.includes(this.serverId)) return 'loop';
    const { origins } = request.settings;
    return origins === null ? this.#publishHere(request, publisher) : this.#forward(request, origins, publisher);
  }

  /** Once a second. */
  watch(nowMs: number): void {
    for (const { hub } of this.#entries.values()) hub.watch(nowMs);
  }

  stop(): void {
    for (const { pull, hub } of this.#entries.values()) {
      pull?.stop();
      hub.dispose();
    }
    this.#entries.clear();
  }

  #publishHere(request: PublishRequest, publisher: Publisher): PublishPath | 'busy' {
    const known = this.#entries.get(keyText(request.key));
    if (known?.publisher) return 'busy';
    const entry = known ?? this.#open(request.key, request.settings, '');
    entry.publisher = publisher;
    publisher.ready();
    let over = false;
    return {
      media: (messages) => {
        if (!over) entry.hub.ingest(messages);
        return true;
      },
      end: () => {
        if (over) return;
        over = true;
        entry.publisher = null;
        entry.hub.sourceEnded();
        this.#closeIfUnused(entry);
      },
    };
  }

  #forward(request: PublishRequest, origins: readonly Origin[], publisher: Publisher): PublishPath | 'busy' {
    const text = keyText(request.key);
    if (this.#forwards.has(text)) return 'busy';
    const { key, settings } = request;
    const forward: Forward = { id: this.#newId(), key, publisher, receivedBytes: 0 };
    this.#forwards.set(text, forward);
    let upstream: Upstream | null = null;
    const cycle = this.#cycleOf(settings, origins);
    let started = false;
    // An SRS that forwards to us does not wait for our answer: its sequence headers come first, and must not be lost.
    // It is not read meanwhile, so these are the messages of a read or two.
    const early: RtmpMessage[] = [];
    const free = () => {
      if (this.#forwards.get(text) === forward) this.#forwards.delete(text);
    };
    upstream = this.#context.dial(
      {
        mode: 'publish',
        origin: cycle.current,
        vhost: settings.upstreamVhost,
        app: key.app,
        stream: key.stream,
        query: request.query,
        hops: [...request.hops, this.serverId],
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        receiveTimeoutMs: 0,
      },
      {
        started: () => {
          started = true;
          publisher.ready();
          if (upstream?.send(early.splice(0))) publisher.resume();
        },
        media: () => undefined,
        drained: () => publisher.resume(),
        ended: ({ how, code, why }) => {
          upstream = null;
          // It could not be reached: whoever publishes next, perhaps this one again, tries another.
          if (how === 'lost' && !started) cycle.next();
          free();
          publisher.end(code, why);
        },
      },
    );
    return {
      media: (messages) => {
        for (const { payload } of messages) forward.receivedBytes += payload.length;
        if (started) return upstream?.send(messages) ?? true;
        early.push(...messages);
        return false;
      },
      end: () => {
        free();
        upstream?.close();
        upstream = null;
      },
    };
  }

  #open(key: StreamKey, settings: VhostSettings, address: string): Entry {
    const hub = new StreamHub(this.#newId(), key, settings, this.#chunkSize, this.#context.timers, this.#total);
    const entry: Entry = { hub, address, pull: null, publisher: null };
    this.#entries.set(hub.text, entry);
    return entry;
  }

  #closeIfUnused(entry: Entry): void {
    if (entry.hub.playerCount > 0) return;
    entry.pull?.stop();
    entry.pull = null;
    if (entry.publisher !== null) return;
    entry.hub.dispose();
    this.#entries.delete(entry.hub.text);
  }

  #tooManyUnfed({ address, isEdge }: PlayRequest): boolean {
    let total = 0;
    let ofAddress = 0;
    for (const { pull, address: other } of this.#entries.values()) {
      if (pull === null || pull.hadMedia) continue;
      total++;
      if (other === address) ofAddress++;
    }
    // An edge below us limits its viewers itself.
    return total >= MAX_UNFED_PULLS || (!isEdge && ofAddress >= MAX_UNFED_PULLS_PER_ADDRESS);
  }

  #newId(): string {
    return `vid-${randomId(7, this.#context.random)}`;
  }

  #cycleOf(settings: VhostSettings, origins: readonly Origin[]): OriginCycle<Origin> {
    const known = this.#cycles.get(settings.name);
    if (known !== undefined) return known;
    const made = new OriginCycle(origins);
    this.#cycles.set(settings.name, made);
    return made;
  }
}
