import type { ChoicesPage, ClientProtocol, EdgeChoice } from '@dolphin/protocol';
import type { ByStream, Candidate } from '../domain/balancer.js';
import { explainChoice } from '../domain/explain-choice.js';

/** A burst can still be looked at after it; with 16 edges some 2 MB. */
export const MAX_CHOICES = 1024;

/** A choice, as what it was made from. */
export interface MadeChoice {
  /** ms since 1970. */
  readonly at: number;
  readonly client: number;
  readonly protocol: ClientProtocol;
  readonly by: ByStream | null;
  readonly candidates: readonly Candidate[];
}

/** The last choices. Keeping one is keeping what was there anyway; it is explained when somebody looks. */
export class ChoiceRing {
  readonly #ring: MadeChoice[] = [];
  /** Clients whose newest choice was none, and its number. */
  readonly #without = new Map<number, number>();
  #made = 0;

  /**
   * `isNone`: no edge was found. False: the last one of this client was none, too, and is there; a crowd that waits and
   * tries again would fill the ring with nothing new.
   */
  put(choice: MadeChoice, isNone: boolean): boolean {
    if (isNone && this.#without.has(choice.client)) return false;
    const at = this.#made % MAX_CHOICES;
    const old = this.#ring[at]?.client ?? choice.client;
    if (this.#without.get(old) === this.#made - MAX_CHOICES) this.#without.delete(old);
    if (isNone) this.#without.set(choice.client, this.#made);
    else this.#without.delete(choice.client);
    this.#ring[at] = choice;
    this.#made += 1;
    return true;
  }

  /** Newest first; `client`: of this one only. `edgeOf` says where a client is now. */
  last(count: number, client: number | null, edgeOf: (client: number) => string | null): ChoicesPage {
    const choices: EdgeChoice[] = [];
    for (let n = this.#made; n > 0 && n > this.#made - MAX_CHOICES && choices.length < count; n--) {
      const made = this.#ring[(n - 1) % MAX_CHOICES];
      if (made === undefined || (client !== null && made.client !== client)) continue;
      const { order, candidates, rule, stream } = explainChoice(made.candidates, made.by);
      choices.push({
        n,
        at: new Date(made.at).toISOString(),
        client: made.client,
        protocol: made.protocol,
        stream,
        order: [...order],
        rule,
        edge: edgeOf(made.client),
        candidates: [...candidates],
      });
    }
    return { choices };
  }
}
