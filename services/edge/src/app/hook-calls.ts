import type { HookAnswer } from '../domain/hook-message.js';
import { hookRefusal } from '../domain/hook-message.js';
import { Places } from './places.js';
import type { Log, Timers } from './ports.js';

/** Posts `body` to `url`, and tells the answer once; what it returns ends the call without one. */
export type PostHook = (url: string, body: string, onAnswer: (answer: HookAnswer) => void) => () => void;

/** SRS: SRS_HTTP_CLIENT_TIMEOUT. From the moment that it is wanted: who waits for a place waits within it. */
export const HOOK_TIMEOUT_MS = 30_000;
/**
 * Calls under way, each a descriptor: of those that let somebody in, and, apart from them so that neither keeps the other
 * waiting, of those that tell of an end. Who wants to come in and finds no place waits; there are no more of these than
 * connections.
 */
export const MAX_QUESTIONS = 256;
export const MAX_NOTICES = 64;
/** Notices that wait. At half a KiB each 5 MiB; beyond, notices are dropped and counted: nobody waits for them. */
export const MAX_WAITING_NOTICES = 10_000;

export interface HookCallsOptions {
  readonly post: PostHook;
  readonly timers: Timers;
  readonly log: Log;
  /** A notice found no room. */
  onDropped(): void;
}

/** Calls hook servers: asks them, and waits for their word, or tells them, and does not. */
export class HookCalls {
  readonly #o: HookCallsOptions;
  readonly #questions = new Places(MAX_QUESTIONS);
  readonly #notices = new Places(MAX_NOTICES);
  #waitingNotices = 0;

  constructor(o: HookCallsOptions) {
    this.#o = o;
  }

  /** Asks each URL in turn. Null: all consent. Otherwise why the first that does not refuses; never rejects. */
  async ask(urls: readonly string[], body: string): Promise<string | null> {
    for (const url of urls) {
      const refusal = await this.#call(this.#questions, url, body);
      if (refusal === null) continue;
      this.#o.log.info({ url, why: refusal }, 'a hook refuses');
      return refusal;
    }
    return null;
  }

  /** Tells each URL in turn, once `after` has come; what they answer changes nothing. Never rejects. */
  async tell(urls: readonly string[], body: string, after: Promise<void>): Promise<void> {
    if (this.#waitingNotices >= MAX_WAITING_NOTICES) {
      this.#o.onDropped();
      return after;
    }
    this.#waitingNotices++;
    await after;
    for (const url of urls) {
      const refusal = await this.#call(this.#notices, url, body);
      if (refusal !== null) this.#o.log.info({ url, why: refusal }, 'a hook was told in vain');
    }
    this.#waitingNotices--;
  }

  #call(places: Places, url: string, body: string): Promise<string | null> {
    return new Promise((resolve) => {
      let cancelCall: (() => void) | null = null;
      let isOver = false;
      const end = (refusal: string | null) => {
        if (isOver) return;
        isOver = true;
        cancelTimer();
        if (cancelCall !== null) places.leave();
        resolve(refusal);
      };
      const cancelTimer = this.#o.timers.after(HOOK_TIMEOUT_MS, () => {
        cancelCall?.();
        end(`no answer within ${HOOK_TIMEOUT_MS} ms`);
      });
      places.enter(() => {
        // It gave up while it waited: its place is the next one's.
        if (isOver) return false;
        cancelCall = () => undefined;
        cancelCall = this.#o.post(url, body, (answer) => end(hookRefusal(answer)));
        return true;
      });
    });
  }
}
