import { type Ask, type AskReply, DolphinError, type Heartbeat, type KickReply } from '@dolphin/protocol';
import type { Complaints } from '@dolphin/runtime';
import { readAsk, readKick, refusedReply, sessionsReply, stateReply } from '../domain/ask-answer.js';
import type { Addressee } from '../domain/command-admission.js';
import { MAX_POD_QUESTIONS } from './bounds.js';
import { isFailure, type PodControl } from './ports.js';

export interface AskDeskDeps {
  readonly pod: Pick<PodControl, 'sessions' | 'kick'>;
  /** Null: not joined. */
  readonly heartbeat: () => Heartbeat | null;
  readonly me: () => Addressee | null;
  readonly complaints: Pick<Complaints, 'about'>;
}

/** Answers what is asked without a leader: the host's state, who its clients are, and that one is to be closed. Never rejects. */
export class AskDesk {
  readonly #deps: AskDeskDeps;
  #underWay = 0;

  constructor(deps: AskDeskDeps) {
    this.#deps = deps;
  }

  /** Null: it has not joined, and says nothing. */
  async answer(data: Uint8Array): Promise<AskReply | null> {
    const heartbeat = this.#deps.heartbeat();
    if (heartbeat === null) return null;
    const ask = readAsk(data);
    switch (ask?.what) {
      case undefined:
        this.#deps.complaints.about('what came as a question is none that is known here', { bytes: data.length });
        return refusedReply(new DolphinError('E_BAD_REQUEST', { why: 'no question that is known here' }));
      case 'state':
        return stateReply(heartbeat);
      case 'dial':
        return refusedReply(new DolphinError('E_NOT_YET', { what: 'dialling' }));
      case 'sessions':
        return this.#sessions(ask);
      default:
        return never(ask);
    }
  }

  /** Null: it has not joined. */
  async kick(data: Uint8Array): Promise<KickReply | null> {
    const me = this.#deps.me();
    if (me === null) return null;
    const kick = readKick(data);
    if (kick === null) {
      this.#deps.complaints.about('what came as a kick is none', { bytes: data.length });
      return refused(new DolphinError('E_BAD_REQUEST', { why: 'no kick that is known here' }));
    }
    if (kick.farmId !== me.farmId) {
      return refused(new DolphinError('E_FARM_MISMATCH', { ours: me.farmId, theirs: kick.farmId }));
    }
    const kicked = await this.#deps.pod.kick(kick.session);
    if (typeof kicked !== 'boolean') return refused(new DolphinError('E_POD_DOWN'));
    return kicked
      ? { result: 'closing' }
      : refused(new DolphinError('E_NOT_FOUND', { what: `session ${kick.session}` }));
  }

  async #sessions({ what: _, limit, ...filter }: Extract<Ask, { what: 'sessions' }>): Promise<AskReply> {
    if (this.#underWay >= MAX_POD_QUESTIONS) {
      return refusedReply(new DolphinError('E_LIMITED', { what: 'questions for sessions' }));
    }
    this.#underWay++;
    const page = await this.#deps.pod.sessions(filter, limit).finally(() => this.#underWay--);
    if (!isFailure(page)) return sessionsReply(page);
    return refusedReply(
      new DolphinError(page.failed === 'garbled' ? 'E_BAD_REQUEST' : 'E_POD_DOWN', { why: page.why }),
    );
  }
}

function refused({ code, message }: DolphinError): KickReply {
  return { result: 'refused', code, message };
}

function never(ask: never): never {
  throw new TypeError(`no such question: ${JSON.stringify(ask)}`);
}
