import { ByteAccount, NO_HEADERS, type StreamHeaders } from '@dolphin/media';
import { pinsToClose } from '../domain/pinned-slabs.js';
import { OriginCycle } from '../domain/pull-rules.js';
import { randomId } from '../domain/random-id.js';
import { keyText, type StreamKey } from '../domain/stream-key.js';
import type { Origin, VhostSettings } from '../domain/vhost-settings.js';
import { Forward } from './forward.js';
import type { Player } from './player.js';
import type { Publisher, PublishPath } from './publisher.js';
import { Pull, type PullContext } from './pull.js';
import { StreamHub } from './stream-hub.js';
import type { TapsOf } from './stream-tap.js';

/** Bytes of all rings together; beyond that each stream that grows gives up its own oldest part. */
export const TOTAL_RING_BYTES = 512 * 1024 * 1024;
/**
 * What rings have given up and slow players' writes still hold. A write is a slab, of 256 KiB as a rule and of 4 MiB at
 * worst; each player may be writing another one.
 */
export const MAX_PINNED_BYTES = 128 * 1024 * 1024;
/**
 * Pulls of streams that have not come yet, in total and for one address: each costs a connection on every hop. 500 at
 * 6 KiB is 3 MiB; 20 leave room for players behind one NAT whose streams are about to begin.
 */
export const MAX_UNFED_PULLS = 500;
export const MAX_UNFED_PULLS_PER_ADDRESS = 20;

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

interface Entry {
  readonly hub: StreamHub;
  readonly address: string;
  pull: Pull | null;
  publisher: Publisher | null;
}

export interface StreamsOptions {
  readonly serverId: string;
  readonly chunkSize: number;
  readonly pull: PullContext;
  readonly tapsOf: TapsOf;
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
  readonly #tapsOf: TapsOf;
  readonly serverId: string;

  constructor(o: StreamsOptions) {
    this.serverId = o.serverId;
    this.#chunkSize = o.chunkSize;
    this.#context = o.pull;
    this.#tapsOf = o.tapsOf;
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
    const pins = [...this.#entries.values()].flatMap(({ hub }) => [...hub.pins()]);
    for (const { player } of pinsToClose(pins, MAX_PINNED_BYTES)) player.giveUp();
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
    const { key, settings, query } = request;
    const text = keyText(key);
    if (this.#forwards.has(text)) return 'busy';
    const forward = new Forward({
      id: this.#newId(),
      key,
      settings,
      query,
      hops: [...request.hops, this.serverId],
      origins: this.#cycleOf(settings, origins),
      publisher,
      dial: this.#context.dial,
      onOver: () => {
        if (this.#forwards.get(text) === forward) this.#forwards.delete(text);
      },
    });
    this.#forwards.set(text, forward);
    forward.start();
    return forward;
  }

  #open(key: StreamKey, settings: VhostSettings, address: string): Entry {
    const hub = new StreamHub({
      id: this.#newId(),
      key,
      settings,
      chunkSize: this.#chunkSize,
      timers: this.#context.timers,
      total: this.#total,
      taps: this.#tapsOf(key, settings),
    });
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
