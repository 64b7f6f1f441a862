import { isReferred, securityRefusal } from '../domain/access-rules.js';
import type { AccessSettings, HookName } from '../domain/access-settings.js';
import { type HookSubject, hookMessage, type ServerIdentity } from '../domain/hook-message.js';
import { streamIdOf } from '../domain/stream-id.js';
import { keyText, type StreamKey } from '../domain/stream-key.js';
import type { VhostSettings } from '../domain/vhost-settings.js';
import type { Refusal, Visit, Visitor } from '../domain/visit.js';
import type { HookCalls } from './hook-calls.js';

/** Who may come in, where a vhost's conf restricts it: `security`, `refer` and `http_hooks`. */
export class Admission {
  readonly #server: ServerIdentity;
  readonly #calls: HookCalls;

  constructor(server: ServerIdentity, calls: HookCalls) {
    this.#server = server;
    this.#calls = calls;
  }

  /**
   * For a client of a vhost with `access`; the others need not ask, and must not pay: test for null before. One for as
   * long as the connection lives.
   */
  guest(): Guest {
    return new Guest(this.#server, this.#calls);
  }
}

/**
 * One client's dealings with what restricts access. It asks before it plays or publishes (`enter`), and tells when that
 * ends (`leave`), or when its connection does (`close`). Asking takes as long as the hooks' servers take, 30 s each at
 * most; the client is not read meanwhile, and may be gone when the answer comes: then it leaves, as any other.
 *
 * The order of the rules is SRS's (stream_service_cycle), so that a hook's server hears of the same clients.
 */
export class Guest {
  readonly #server: ServerIdentity;
  readonly #calls: HookCalls;
  #subject: { of: HookSubject; settings: VhostSettings } | null = null;
  #end: 'on_stop' | 'on_unpublish' | null = null;
  #isAsking = false;
  #isClosed = false;
  /** Notices of one client come in order. */
  #told: Promise<void> = Promise.resolve();

  constructor(server: ServerIdentity, calls: HookCalls) {
    this.#server = server;
    this.#calls = calls;
  }

  /** An RTMP client is there, and its end will be told. `app` is all that is known of its stream. */
  connected(visitor: Visitor, settings: VhostSettings, app: string): void {
    const key = { vhost: settings.name, app, stream: '' };
    this.#subject = { of: this.#subjectOf(visitor, key, ''), settings };
  }

  /** Null: it may. Never rejects. If its connection is closed meanwhile, nothing more is asked, and the answer means nothing. */
  async enter(visit: Visit): Promise<Refusal | null> {
    const { settings } = visit;
    this.#subject = { of: this.#subjectOf(visit, visit.key, visit.query), settings };
    this.#isAsking = true;
    const refusal = settings.access === null ? null : await this.#check(visit, settings.access);
    this.#isAsking = false;
    if (this.#isClosed) this.#tellClose();
    return refusal;
  }

  async #check({ over, use, address, pageUrl }: Visit, access: AccessSettings): Promise<Refusal | null> {
    const refer = over === 'rtmp' ? access.refer : null;
    const strange: Refusal = { by: 'refer', why: `the page ${pageUrl} is none of those that may` };
    if (refer !== null && !isReferred(refer.all, pageUrl)) return strange;
    if (over === 'rtmp') {
      const why = await this.#ask('on_connect');
      if (why !== null || this.#isClosed) return { by: 'hook', why: why ?? 'it left' };
    }
    const denied = access.security === null ? null : securityRefusal(access.security, use, address);
    if (denied !== null) return { by: 'security', why: denied };
    // A player's page is looked at after its hook, a publisher's before: what the hooks hear is SRS's.
    if (use === 'publish' && refer !== null && !isReferred(refer.publish, pageUrl)) return strange;
    const why = await this.#ask(use === 'play' ? 'on_play' : 'on_publish');
    if (why !== null) return { by: 'hook', why };
    this.#end = use === 'play' ? 'on_stop' : 'on_unpublish';
    if (use === 'play' && refer !== null && !isReferred(refer.play, pageUrl)) {
      this.leave();
      return strange;
    }
    return null;
  }

  /** It plays or publishes no more. Before it did, and twice: nothing. */
  leave(): void {
    if (this.#end !== null) this.#tell(this.#end);
    this.#end = null;
  }

  /** It was let in, and its stream had no room for it after all: a publisher of a name that is taken. */
  turnedAway(): void {
    // As SRS: a publish that never was is not told to have ended.
    if (this.#end === 'on_unpublish') this.#end = null;
    this.leave();
  }

  /** The connection is gone. Of RTMP clients alone that is told (SRS). */
  close(sentBytes: number, receivedBytes: number): void {
    if (this.#isClosed || this.#subject === null) return;
    this.#isClosed = true;
    this.#subject = { ...this.#subject, of: { ...this.#subject.of, sentBytes, receivedBytes } };
    // A hook that is being asked hears of the end after that, in its order.
    if (!this.#isAsking) this.#tellClose();
  }

  #tellClose(): void {
    this.leave();
    if (this.#subject?.of.visitor.over === 'rtmp') this.#tell('on_close');
  }

  async #ask(action: HookName): Promise<string | null> {
    const urls = this.#urls(action);
    return urls.length === 0 ? null : await this.#calls.ask(urls, this.#message(action));
  }

  #tell(action: HookName): void {
    const urls = this.#urls(action);
    if (urls.length > 0) this.#told = this.#calls.tell(urls, this.#message(action), this.#told);
  }

  #urls(action: HookName): readonly string[] {
    return this.#subject?.settings.access?.hooks?.[action] ?? [];
  }

  #message(action: HookName): string {
    if (this.#subject === null) throw new Error('a hook about nobody');
    return hookMessage(action, this.#subject.of);
  }

  #subjectOf(visitor: Visitor, key: StreamKey, query: string): HookSubject {
    const server = this.#server;
    return { server, visitor, key, query, streamId: streamIdOf(server.serviceId, keyText(key)) };
  }
}
