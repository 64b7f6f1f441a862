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
  #made = 0;

  put(choice: MadeChoice): void {
    this.#ring[this.#made % MAX_CHOICES] = choice;
    this.#made += 1;
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
