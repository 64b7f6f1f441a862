import { CONNECT_TIMEOUT_MS, OriginCycle, pullDelayMs, RECEIVE_TIMEOUT_MS } from '../domain/pull-rules.js';
import type { Origin } from '../domain/vhost-settings.js';
import type { Log, Timers } from './ports.js';
import type { StreamHub } from './stream-hub.js';
import type { Dial, Upstream } from './upstream.js';

export interface PullContext {
  readonly dial: Dial;
  readonly timers: Timers;
  readonly log: Log;
  readonly random: () => number;
}

/** Pulls one stream from its vhost's origins for as long as it is not stopped, over every failure of theirs. */
export class Pull {
  readonly #hub: StreamHub;
  readonly #context: PullContext;
  #origins: OriginCycle<Origin>;
  readonly #query: string;
  readonly #hops: readonly string[];
  #upstream: Upstream | null = null;
  #cancelRetry: (() => void) | null = null;
  #failures = 0;
  /** Media came at least once in this pull's life. */
  #hadMedia = false;
  #stopped = false;

  constructor(
    hub: StreamHub,
    origins: readonly Origin[],
    request: { query: string; hops: readonly string[] },
    context: PullContext,
  ) {
    this.#hub = hub;
    this.#origins = new OriginCycle(origins);
    this.#query = request.query;
    this.#hops = request.hops;
    this.#context = context;
  }

  /** False while nobody knows whether the stream is there at all. */
  get hadMedia(): boolean {
    return this.#hadMedia;
  }

  /** The next try is at one of these; a connection that there is stays. */
  useOrigins(origins: readonly Origin[]): void {
    this.#origins = new OriginCycle(origins);
  }

  start(): void {
    if (this.#stopped) return;
    // A reload may bring others while it runs: its end is no failure of those.
    const cycle = this.#origins;
    const origin = cycle.current;
    const { key, settings } = this.#hub;
    this.#upstream = this.#context.dial(
      {
        mode: 'play',
        origin,
        vhost: settings.upstreamVhost,
        app: key.app,
        stream: key.stream,
        query: this.#query,
        hops: this.#hops,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        receiveTimeoutMs: RECEIVE_TIMEOUT_MS,
        gatherMs: settings.mergeMs,
      },
      {
        started: () => undefined,
        drained: () => undefined,
        media: (messages, gathered) => {
          this.#failures = 0;
          this.#hadMedia = true;
          this.#hub.ingest(messages, gathered);
        },
        ended: (end) => {
          this.#upstream = null;
          if (this.#hub.isLive) this.#hub.sourceEnded();
          this.#failures++;
          cycle.next();
          const delayMs = pullDelayMs(this.#failures, this.#hadMedia, this.#context.random());
          const fields = { stream: this.#hub.text, origin: `${origin.host}:${origin.port}`, ...end, delayMs };
          if (this.#failures <= 1) this.#context.log.warn(fields, 'pull failed');
          else this.#context.log.debug(fields, 'pull failed again');
          this.#cancelRetry = this.#context.timers.after(delayMs, () => this.start());
        },
      },
    );
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry?.();
    this.#upstream?.close();
    this.#upstream = null;
  }
}
