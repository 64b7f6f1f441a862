import { type LeftClient, MAX_CLIENTS_PER_MESSAGE, type RelayMessage, type RelayNewcomer } from '@dolphin/protocol';

/**
 * What became of clients is told in lots: each message costs the pod more than a client in it. Nobody waits for it, as a
 * newcomer does for its answer.
 */
const TELL_EVERY_MS = 20;

/**
 * Collects what is to be told of clients. Newcomers are told of once per turn of the event loop, and with them all that
 * waits here: thousands may come at once, and an edge that dies ends thousands.
 */
export class NewsDesk {
  readonly #say: (message: RelayMessage) => void;
  readonly #lots = {
    // In the order of a client's life: of one that is gone again it is still to be known that it came, and for what.
    accepted: [] as RelayNewcomer[],
    turnedAway: [] as { reason: string; address: string }[],
    routed: [] as { id: number; edge: string }[],
    uses: [] as { id: number; stream: string; use: 'play' }[],
    left: [] as LeftClient[],
  };
  #soon: NodeJS.Immediate | null = null;
  #later: NodeJS.Timeout | null = null;

  constructor(say: (message: RelayMessage) => void) {
    this.#say = say;
  }

  accepted(client: RelayNewcomer): void {
    this.#lots.accepted.push(client);
    this.#soon ??= setImmediate(() => this.#tell());
  }

  turnedAway(reason: string, address: string): void {
    this.#lots.turnedAway.push({ reason, address });
    this.#tellLater();
  }

  routed(id: number, edge: string): void {
    this.#lots.routed.push({ id, edge });
    this.#tellLater();
  }

  plays(id: number, stream: string): void {
    this.#lots.uses.push({ id, stream, use: 'play' });
    this.#tellLater();
  }

  left(client: LeftClient): void {
    this.#lots.left.push(client);
    this.#tellLater();
  }

  #tellLater(): void {
    this.#later ??= setTimeout(() => this.#tell(), TELL_EVERY_MS);
  }

  #tell(): void {
    if (this.#soon !== null) clearImmediate(this.#soon);
    if (this.#later !== null) clearTimeout(this.#later);
    this.#soon = null;
    this.#later = null;
    const { accepted, turnedAway, routed, uses, left } = this.#lots;
    for (const clients of batches(accepted)) this.#say({ type: 'accepted', clients });
    for (const clients of batches(turnedAway)) this.#say({ type: 'turned-away', clients });
    for (const clients of batches(routed)) this.#say({ type: 'routed', clients });
    for (const clients of batches(uses)) this.#say({ type: 'uses', clients });
    for (const clients of batches(left)) this.#say({ type: 'left', clients });
  }
}

/** Takes all out, in lots of what one message holds. */
function* batches<T>(all: T[]): IterableIterator<T[]> {
  while (all.length > 0) yield all.splice(0, MAX_CLIENTS_PER_MESSAGE);
}
