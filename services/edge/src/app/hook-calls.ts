import type { HookAnswer } from '../domain/hook-message.js';
import { hookRefusal } from '../domain/hook-message.js';
import { type NoPlace, Places } from './places.js';
import type { Log, Timers } from './ports.js';

/** Posts `body` to `url`, and tells the answer once; what it returns ends the call without one. */
export type PostHook = (url: string, body: string, onAnswer: (answer: HookAnswer) => void) => () => void;

/** SRS: SRS_HTTP_CLIENT_TIMEOUT. From the moment that it is wanted: who waits for a place waits within it. */
export const HOOK_TIMEOUT_MS = 30_000;
/**
 * Calls under way, each a descriptor: of those that let somebody in, and, apart from them so that neither keeps the other
 * waiting, of those that tell of an end. Who wants to come in and finds no place waits.
 */
export const MAX_QUESTIONS = 256;
export const MAX_NOTICES = 64;
/**
 * Questions that wait, half a KiB each as a rule, and 64 of a client that said as much when it connected: so many are asked within their
 * 30 s by a server that takes a second and a half for each.
 */
export const MAX_WAITING_QUESTIONS = 5000;
/** Notices that wait. At half a KiB each 5 MiB; beyond, notices are dropped and counted: nobody waits for them. */
export const MAX_WAITING_NOTICES = 10_000;

export interface HookCallsOptions {
  readonly post: PostHook;
  readonly timers: Timers;
  readonly log: Log;
  /** A notice found no room. */
  onDropped(): void;
  /** A question found no place, or none in time. */
  onCrowded(): void;
}

const NO_ANSWER = `no answer within ${HOOK_TIMEOUT_MS} ms`;
const NO_PLACE: Readonly<Record<NoPlace, string>> = { crowded: 'too many are asked about', left: 'it left' };

/** Why its answer is no consent; null: it is. */
interface Answered {
  readonly refusal: string | null;
}

/** Calls hook servers: asks them, and waits for their word, or tells them, and does not. */
export class HookCalls {
  readonly #o: HookCallsOptions;
  readonly #questions: Places;
  readonly #notices: Places;
  #waitingNotices = 0;

  constructor(o: HookCallsOptions) {
    this.#o = o;
    const { timers } = o;
    const waitMs = HOOK_TIMEOUT_MS;
    this.#questions = new Places({ max: MAX_QUESTIONS, maxWaiting: MAX_WAITING_QUESTIONS, waitMs, timers });
    this.#notices = new Places({ max: MAX_NOTICES, maxWaiting: MAX_WAITING_NOTICES, waitMs, timers });
  }

  /**
   * Asks each URL in turn. Null: all consent. Otherwise why the first that does not refuses; never rejects. Who is `gone` before the
   * first one is asked is not asked about; from then on all are, since its end is told where they consent.
   */
  async ask(urls: readonly string[], body: string, gone: AbortSignal): Promise<string | null> {
    let isBegun = false;
    for (const url of urls) {
      const answer = await this.#call(this.#questions, url, body, isBegun ? null : gone);
      if (answer === 'crowded') this.#o.onCrowded();
      if (typeof answer === 'string') return NO_PLACE[answer];
      const { refusal } = answer;
      if (refusal !== null) {
        this.#o.log.info({ url, why: refusal }, 'a hook refuses');
        return refusal;
      }
      isBegun = true;
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
      const answer = await this.#call(this.#notices, url, body, null);
      const why = typeof answer === 'string' ? NO_ANSWER : answer.refusal;
      if (why !== null) this.#o.log.info({ url, why }, 'a hook was told in vain');
    }
    this.#waitingNotices--;
  }

  #call(places: Places, url: string, body: string, gone: AbortSignal | null): Promise<Answered | NoPlace> {
    const { timers, post } = this.#o;
    const endMs = timers.now() + HOOK_TIMEOUT_MS;
    return new Promise((resolve) => {
      const onPlace = () => {
        let isOver = false;
        let cancelCall = () => {};
        const end = (refusal: string | null) => {
          if (isOver) return;
          isOver = true;
          cancelTimer();
          places.leave();
          resolve({ refusal });
        };
        const cancelTimer = timers.after(Math.max(0, endMs - timers.now()), () => {
          cancelCall();
          end(NO_ANSWER);
        });
        cancelCall = post(url, body, (answer) => end(hookRefusal(answer)));
      };
      places.enter(gone, onPlace, resolve);
    });
  }
}
