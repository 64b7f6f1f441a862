import {
  DolphinError,
  type FarmView,
  isErrorCode,
  type KickAnswer,
  type LiveSessionFilter,
  type LiveSessionsAnswer,
  type OperatorRequest,
  oldestSessions,
  type SessionPage,
} from '@dolphin/protocol';
import type { Clock, Logger } from '@dolphin/runtime';
import { ASK_ALL_MS, ASK_HOST_TIMEOUT_MS, MAX_LIVE_SEARCHES, PARALLEL_HOSTS } from './bounds.js';
import type { HostAsker } from './ports.js';

export interface LiveQuery {
  /** Undefined: all. */
  readonly host: string | undefined;
  readonly filter: LiveSessionFilter;
  readonly limit: number;
}

export interface LiveSessionsDeps {
  readonly view: () => FarmView;
  /** Throws E_BUS_UNAVAILABLE. */
  readonly asker: () => HostAsker;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly logger: Pick<Logger, 'info'>;
}

/** What a host made of a question, or why there is no answer. */
type Heard<T> = { readonly host: string; readonly answer: T } | { readonly host: string; readonly why: string };

/** Who is there now, asked of the hosts themselves: no master keeps it. Any master answers. */
export class LiveSessions {
  readonly #deps: LiveSessionsDeps;
  #underWay = 0;

  constructor(deps: LiveSessionsDeps) {
    this.#deps = deps;
  }

  /** Throws E_NOT_FOUND for a host that is not there, E_LIMITED, E_BUS_UNAVAILABLE. */
  find({ host, filter, limit }: LiveQuery): Promise<LiveSessionsAnswer> {
    return this.#search(async (asker) => {
      const heard = await this.#askAll(this.#hosts(host), async (one): Promise<SessionPage> => {
        const reply = await asker.ask(one, { what: 'sessions', ...filter, limit }, ASK_HOST_TIMEOUT_MS);
        if (reply.what === 'sessions') return reply;
        throw reply.what === 'refused' ? refusal(reply) : new DolphinError('E_INTERNAL', { why: 'another answer' });
      });
      const pages = new Map(heard.flatMap((one) => ('answer' in one ? [[one.host, one.answer]] : [])));
      const total = [...pages.values()].reduce((sum, page) => sum + page.total, 0);
      const unheard = heard.flatMap((one) => ('why' in one ? [one] : []));
      return { total, sessions: oldestSessions(pages, limit), unheard };
    });
  }

  /** Throws E_NOT_FOUND when each host says so, E_UNREACHABLE when not all were heard, and as `find`. */
  kick(session: string, host: string | undefined, { who, why }: OperatorRequest): Promise<KickAnswer> {
    return this.#search(async (asker) => {
      const { farmId } = this.#deps.view();
      if (farmId === null) throw new DolphinError('E_NO_FARM');
      const heard = await this.#askAll(this.#hosts(host), async (one): Promise<boolean> => {
        const reply = await asker.kick(one, { farmId, session }, ASK_HOST_TIMEOUT_MS);
        if (reply.result === 'closing') return true;
        if (reply.code === 'E_NOT_FOUND') return false;
        throw refusal(reply);
      });
      const closing = heard.find((one) => 'answer' in one && one.answer);
      if (closing) {
        // Who asked stands here alone: the farm is not rebuilt from it.
        this.#deps.logger.info({ session, host: closing.host, who, why }, 'a client is kicked');
        return { host: closing.host, session };
      }
      const unheard = heard.flatMap((one) => ('why' in one ? [one] : []));
      const [first] = unheard;
      if (first === undefined) throw new DolphinError('E_NOT_FOUND', { what: `session ${session}` });
      const address = unheard.map((one) => one.host).join(', ');
      throw new DolphinError('E_UNREACHABLE', { what: 'a host that may have it', address, why: first.why });
    });
  }

  async #search<T>(work: (asker: HostAsker) => Promise<T>): Promise<T> {
    const asker = this.#deps.asker();
    if (this.#underWay >= MAX_LIVE_SEARCHES)
      throw new DolphinError('E_LIMITED', { what: 'searches for live sessions' });
    this.#underWay++;
    try {
      return await work(asker);
    } finally {
      this.#underWay--;
    }
  }

  #hosts(asked: string | undefined): string[] {
    const hosts = this.#deps.view().hosts.map(({ host }) => host);
    if (asked === undefined) return hosts;
    if (!hosts.includes(asked)) throw new DolphinError('E_NOT_FOUND', { what: `host ${asked}` });
    return [asked];
  }

  async #askAll<T>(hosts: readonly string[], ask: (host: string) => Promise<T>): Promise<Heard<T>[]> {
    const { clock } = this.#deps;
    const end = clock.monotonic() + ASK_ALL_MS;
    const heard: Heard<T>[] = [];
    const left = hosts[Symbol.iterator]();
    const asker = async () => {
      for (const host of left) {
        if (clock.monotonic() >= end) heard.push({ host, why: `it was not asked within ${ASK_ALL_MS} ms` });
        else
          heard.push(
            await ask(host).then(
              (answer) => ({ host, answer }),
              (error) => ({ host, why: wordsOf(error) }),
            ),
          );
      }
    };
    await Promise.all(Array.from({ length: Math.min(PARALLEL_HOSTS, hosts.length) }, asker));
    return heard;
  }
}

class RefusedByHost extends DolphinError {
  constructor(code: DolphinError['code'], words: string) {
    super(code);
    this.message = words;
  }
}

function refusal({ code, message }: { code: string; message: string }): DolphinError {
  return new RefusedByHost(isErrorCode(code) ? code : 'E_INTERNAL', message);
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 1_024);
}
