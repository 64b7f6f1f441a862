import { isReferred, securityRefusal } from '../domain/access-rules.js';
import type { AccessSettings, HookName } from '../domain/access-settings.js';
import { type HookSubject, hookMessage, type ServerIdentity } from '../domain/hook-message.js';
import { streamIdOf } from '../domain/stream-id.js';
import { keyText, type StreamKey } from '../domain/stream-key.js';
import type { VhostSettings } from '../domain/vhost-settings.js';
import type { Refusal, Visit, Visitor } from '../domain/visit.js';
import type { HookCalls } from './hook-calls.js';
import { type ShowToken, tokenRefusal } from './token-check.js';

export interface AdmissionOptions {
  readonly server: ServerIdentity;
  readonly calls: HookCalls;
  readonly showToken: ShowToken;
}

/** Who may come in, where a vhost's conf restricts it: `security`, `refer`, `http_hooks` and `token_traverse`. */
export class Admission {
  readonly #o: AdmissionOptions;

  constructor(o: AdmissionOptions) {
    this.#o = o;
  }

  /**
   * For a client of a vhost with `access`; the others need not ask, and must not pay: test for null before. One for as
   * long as the connection lives.
   */
  guest(): Guest {
    return new Guest(this.#o);
  }
}

/**
 * One client's dealings with what restricts access. It asks before it plays or publishes (`enter`), and tells when that
 * ends (`leave`), or when its connection does (`close`). Asking takes as long as the hooks' servers take, 30 s each at
 * most; the client may be gone when the answer comes: then it leaves, as any other.
 *
 * The order of the rules is SRS's (stream_service_cycle), so that a hook's server hears of the same clients.
 */
export class Guest {
  readonly #o: AdmissionOptions;
  #subject: { of: HookSubject; settings: VhostSettings } | null = null;
  #end: 'on_stop' | 'on_unpublish' | null = null;
  /** While it is asked about: tells whoever asks that it left. */
  #asking: AbortController | null = null;
  #isClosed = false;
  /** The vhost whose origin accepted it. */
  #acceptedFor: string | null = null;
  /** Notices of one client come in order. */
  #told: Promise<void> = Promise.resolve();

  constructor(o: AdmissionOptions) {
    this.#o = o;
  }

  /**
   * An RTMP client connects, and its end will be told. `app` is all that is known of its stream. Null: it may. An edge of
   * this host, which pulls for many, is not asked for a token: those that it pulls for were.
   */
  async connect(visitor: Visitor, settings: VhostSettings, app: string, isEdge: boolean): Promise<Refusal | null> {
    const key = { vhost: settings.name, app, stream: '' };
    this.#subject = { of: this.#subjectOf(visitor, key, ''), settings };
    if (isEdge) this.#acceptedFor = settings.name;
    return await this.#whileAsking((gone) => this.#checkToken(visitor, settings, app, gone));
  }

  /** Null: it may. Never rejects. If its connection is closed meanwhile, nothing more is asked, and the answer means nothing. */
  async enter(visit: Visit): Promise<Refusal | null> {
    const { settings } = visit;
    this.#subject = { of: this.#subjectOf(visit, visit.key, visit.query), settings };
    const { access } = settings;
    return access === null ? null : await this.#whileAsking((gone) => this.#check(visit, access, gone));
  }

  async #whileAsking(question: (gone: AbortSignal) => Promise<Refusal | null>): Promise<Refusal | null> {
    const asking = new AbortController();
    this.#asking = asking;
    const refusal = await question(asking.signal);
    this.#asking = null;
    if (this.#isClosed) this.#tellClose();
    return refusal;
  }

  /** SRS asks when a stream is named. Here a connect waits for it, so that a chain of edges asks the origin behind it. */
  async #checkToken(
    visitor: Visitor,
    settings: VhostSettings,
    app: string,
    gone: AbortSignal,
    query = '',
  ): Promise<Refusal | null> {
    const { access, origins, name } = settings;
    if (!access?.tokenTraverse || origins === null || this.#acceptedFor === name) return null;
    const hops = [...(visitor.hops ?? []), this.#o.server.serverId];
    // A token stands in the query of a player's URL; of RTMP the client says itself where it connects.
    const tcUrl = visitor.over === 'http' && query !== '' ? `${visitor.tcUrl}?${query}` : visitor.tcUrl;
    const why = await tokenRefusal(this.#o.showToken, origins, { ...visitor, tcUrl }, app, hops, gone);
    if (why !== null) return { by: 'token', why };
    this.#acceptedFor = name;
    return null;
  }

  async #check(visit: Visit, access: AccessSettings, gone: AbortSignal): Promise<Refusal | null> {
    const { over, use, address, pageUrl, settings, key } = visit;
    const refer = over === 'rtmp' ? access.refer : null;
    const strange: Refusal = { by: 'refer', why: `the page ${pageUrl} is none of those that may` };
    if (refer !== null && !isReferred(refer.all, pageUrl)) return strange;
    if (over === 'rtmp') {
      const why = await this.#ask('on_connect', gone);
      if (why !== null || this.#isClosed) return { by: 'hook', why: why ?? 'it left' };
    }
    const refused = await this.#checkToken(visit, settings, key.app, gone, visit.query);
    if (refused !== null || this.#isClosed) return refused ?? { by: 'token', why: 'it left' };
    const denied = access.security === null ? null : securityRefusal(access.security, use, address);
    if (denied !== null) return { by: 'security', why: denied };
    // A player's page is looked at after its hook, a publisher's before: what the hooks hear is SRS's.
    if (use === 'publish' && refer !== null && !isReferred(refer.publish, pageUrl)) return strange;
    const why = await this.#ask(use === 'play' ? 'on_play' : 'on_publish', gone);
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
    if (this.#asking === null) this.#tellClose();
    else this.#asking.abort();
  }

  #tellClose(): void {
    this.leave();
    if (this.#subject?.of.visitor.over === 'rtmp') this.#tell('on_close');
  }

  async #ask(action: HookName, gone: AbortSignal): Promise<string | null> {
    const urls = this.#urls(action);
    return urls.length === 0 ? null : await this.#o.calls.ask(urls, this.#message(action), gone);
  }

  #tell(action: HookName): void {
    const urls = this.#urls(action);
    if (urls.length > 0) this.#told = this.#o.calls.tell(urls, this.#message(action), this.#told);
  }

  #urls(action: HookName): readonly string[] {
    return this.#subject?.settings.access?.hooks?.[action] ?? [];
  }

  #message(action: HookName): string {
    if (this.#subject === null) throw new Error('a hook about nobody');
    return hookMessage(action, this.#subject.of);
  }

  #subjectOf(visitor: Visitor, key: StreamKey, query: string): HookSubject {
    const { server } = this.#o;
    return { server, visitor, key, query, streamId: streamIdOf(server.serviceId, keyText(key)) };
  }
}
