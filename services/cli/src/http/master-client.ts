import { DolphinError, isErrorCode, isText, shapeOf } from '@dolphin/protocol/plain.js';
import { type Exchange, ExchangeError, exchange } from '@dolphin/runtime/exchange.js';

/** A thousand envelopes of events, or a farm of thousands of edges. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** A master refused, or could not: its code, and its own words. */
export class MasterError extends DolphinError {
  constructor(code: DolphinError['code'], words: string) {
    super(code);
    this.message = words;
  }
}

export interface MasterCall extends Omit<Exchange, 'maxBytes'> {
  readonly path: string;
}

/** What is to be taken of an answer; a text: why it is not what was asked for. */
export type ReadAnswer<T> = (json: unknown) => Promise<{ value: T } | string>;

export interface MasterAnswer<T> {
  readonly value: T;
  /** The master that gave it. */
  readonly address: string;
}

/**
 * The global API of the masters, in the order given: one that does not answer is passed over. Throws DolphinError:
 * E_UNREACHABLE when none answers, else the code of the one that did.
 */
export class MasterClient {
  readonly addresses: readonly string[];
  readonly #token: string | null;

  /** `token`: for masters that want one. */
  constructor(addresses: readonly string[], token: string | null) {
    this.#token = token;
    this.addresses = addresses.map((address) => address.replace(/\/+$/, ''));
  }

  /** What a master wants to see before it answers. */
  get headers(): Record<string, string> {
    return this.#token === null ? {} : { authorization: `Bearer ${this.#token}` };
  }

  async ask<T>(call: MasterCall, read: ReadAnswer<T>): Promise<MasterAnswer<T>> {
    const failures: Failure[] = [];
    for (const address of this.addresses) {
      const outcome = await this.#askOne(address, call, read);
      if (!(outcome instanceof Failure)) return { value: outcome.value, address };
      failures.push(outcome);
      // What one may have carried out is not asked of another: a kill would be two.
      if (call.method !== undefined && call.method !== 'GET' && !outcome.isUnheard) break;
    }
    const [only] = failures;
    const isOne = failures.length === 1 && only !== undefined;
    throw new DolphinError(
      'E_UNREACHABLE',
      isOne
        ? { what: 'the master', address: only.address, why: only.why }
        : {
            what: 'each of the masters',
            address: failures.map(({ address }) => address).join(', '),
            why: failures.map(({ why }) => why).join('; '),
          },
      { cause: only?.cause },
    );
  }

  async #askOne<T>(address: string, call: MasterCall, read: ReadAnswer<T>): Promise<{ value: T } | Failure> {
    let answer: { status: number; text: string };
    try {
      answer = await exchange(address + call.path, {
        ...call,
        headers: { ...call.headers, ...this.headers },
        maxBytes: MAX_ANSWER_BYTES,
      });
    } catch (error) {
      const isUnheard = error instanceof ExchangeError && error.kind === 'refused';
      return new Failure(address, error instanceof Error ? error.message : String(error), isUnheard, error);
    }
    const { status, text } = answer;
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (cause) {
      return new Failure(address, `HTTP ${status}, and no JSON`, false, cause);
    }
    if (status === 200) {
      const outcome = await read(json);
      return typeof outcome === 'string' ? new Failure(address, `not a master of this version: ${outcome}`) : outcome;
    }
    const refusal = refusalIn(json);
    if (refusal === null) return new Failure(address, `HTTP ${status}, not from a master`);
    throw refusal;
  }
}

/** What a master says when it refuses; null: that is no answer of one. */
export function refusalIn(json: unknown): MasterError | null {
  if (!isErrorAnswer(json)) return null;
  const { code, message } = json.error;
  return new MasterError(isErrorCode(code) ? code : 'E_INTERNAL', message);
}

class Failure {
  readonly address: string;
  readonly why: string;
  /** Nobody was there to hear it. */
  readonly isUnheard: boolean;
  readonly cause: unknown;

  constructor(address: string, why: string, isUnheard = false, cause?: unknown) {
    this.address = address;
    this.why = why;
    this.isUnheard = isUnheard;
    this.cause = cause;
  }
}

/** What a master says when it refuses. */
export const isErrorAnswer = shapeOf<{ error: { code: string; message: string } }>({
  error: shapeOf({ code: isText, message: isText }),
});
