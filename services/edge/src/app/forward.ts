import type { RtmpMessage } from '@dolphin/media';
import { CONNECT_TIMEOUT_MS, type OriginCycle } from '../domain/pull-rules.js';
import type { StreamKey } from '../domain/stream-key.js';
import type { Origin, VhostSettings } from '../domain/vhost-settings.js';
import type { Publisher, PublishPath } from './publisher.js';
import type { Dial, Upstream } from './upstream.js';

export interface ForwardOptions {
  readonly id: string;
  readonly key: StreamKey;
  readonly settings: VhostSettings;
  readonly query: string;
  /** Server ids that the stream has passed, this one's last. */
  readonly hops: readonly string[];
  readonly origins: OriginCycle<Origin>;
  readonly publisher: Publisher;
  readonly dial: Dial;
  /** Called when its name is free again; perhaps twice. */
  onOver(): void;
}

/** A publish that goes on to an upstream server. It lives and dies with its publisher: either one's end is the other's. */
export class Forward implements PublishPath {
  readonly #o: ForwardOptions;
  #upstream: Upstream | null = null;
  #started = false;
  /**
   * An SRS that forwards to us does not wait for our answer: its sequence headers come first, and must not be lost. It
   * is not read meanwhile, so these are the messages of a read or two.
   */
  readonly #early: RtmpMessage[] = [];
  receivedBytes = 0;
  /** An origin gathers what comes to it, and its players are not to wait twice. */
  readonly gatherMs = 0;

  constructor(o: ForwardOptions) {
    this.#o = o;
  }

  get id(): string {
    return this.#o.id;
  }
  get key(): StreamKey {
    return this.#o.key;
  }
  get publisher(): Publisher {
    return this.#o.publisher;
  }

  start(): void {
    const { key, settings, query, hops, origins, publisher } = this.#o;
    this.#upstream = this.#o.dial(
      {
        mode: 'publish',
        origin: origins.current,
        vhost: settings.upstreamVhost,
        app: key.app,
        stream: key.stream,
        query,
        hops,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        receiveTimeoutMs: 0,
        gatherMs: 0,
      },
      {
        started: () => {
          this.#started = true;
          publisher.ready();
          if (this.#upstream?.send(this.#early.splice(0))) publisher.resume();
        },
        media: () => undefined,
        drained: () => publisher.resume(),
        ended: ({ how, code, why }) => {
          this.#upstream = null;
          // It could not be reached: whoever publishes next, perhaps this one again, tries another.
          if (how === 'lost' && !this.#started) origins.next();
          this.#o.onOver();
          publisher.end(code, why);
        },
      },
    );
  }

  media(messages: readonly RtmpMessage[]): boolean {
    for (const { payload } of messages) this.receivedBytes += payload.length;
    if (this.#started) return this.#upstream?.send(messages) ?? true;
    for (const message of messages) this.#early.push({ ...message, payload: Buffer.from(message.payload) });
    return false;
  }

  end(): void {
    this.#o.onOver();
    this.#upstream?.close();
    this.#upstream = null;
  }
}
