import { type ByStream, type Candidate, type Choice, chooseEdges } from '../domain/balancer.js';
import {
  afterFailure,
  afterSuccess,
  type EjectionPolicy,
  type EjectionRecord,
  ejectedForMs,
  isEjected,
  NEVER_EJECTED,
} from '../domain/ejection.js';
import { slowStartShare } from '../domain/slow-start.js';
import { ChoiceRing } from './choice-ring.js';
import type { Client, Log, Timers } from './ports.js';

export interface BalancePolicy {
  /** By edge name; 1 where there is none. */
  readonly weights: Readonly<Record<string, number>>;
  readonly slowStartMs: number;
  readonly loadFactor: number;
  readonly hotFromClients: number;
  readonly ejection: EjectionPolicy;
}

/** What the router knows of an edge at this moment. */
export type EdgeNow = Pick<Candidate, 'name' | 'slotName' | 'ready' | 'busy' | 'clients' | 'full'>;

/** Why a client could not be given to an edge. */
export type EdgeFailure =
  /** It did not accept the relay's connection. */
  | 'connect-failed'
  /** It was sent a socket and did not say that it took it. */
  | 'not-taken'
  /** It died while it was sent a socket. */
  | 'died-before-taking';

export interface EdgeChooserDeps {
  readonly timers: Timers;
  /** ms since 1970, for people. */
  readonly now: () => number;
  readonly log: Log;
  /** Explains each choice in the log; null: nobody reads that. */
  readonly explain: ((details: object, message: string) => void) | null;
  readonly policy: BalancePolicy;
  /** Those that the clients of this one could have gone to instead, and itself. */
  readonly edges: (like: string) => readonly EdgeNow[];
  /** An edge gets clients again. */
  readonly onReturned: () => void;
}

/** What is remembered of an edge over its processes. */
interface Standing {
  /** The runner of its processes: a later edge of the same name begins anew. */
  readonly owner: object | null;
  /** Since when it is there, or there again; monotonic ms. */
  youngSince: number;
  record: EjectionRecord;
  readonly failures: Map<string, number>;
}

/** Ranks edges for clients, and remembers how they did: age, failures, ejections, and the last choices. */
export class EdgeChooser {
  readonly #deps: EdgeChooserDeps;
  readonly #standings = new Map<string, Standing>();
  readonly #choices = new ChoiceRing();

  constructor(deps: EdgeChooserDeps) {
    this.#deps = deps;
  }

  choose(client: Client, edges: readonly EdgeNow[]): Choice {
    const at = this.#deps.timers.monotonic();
    const candidates = edges.map((edge) => this.#candidate(edge, at));
    const by = this.#byStream(client);
    const choice = chooseEdges(candidates, by);
    const made = { at: this.#deps.now(), client: client.id, protocol: client.protocol, by, candidates };
    const isNew = this.#choices.put(made, choice.type === 'none');
    if (isNew && this.#deps.explain !== null) {
      const [explained] = this.lastChoices(1, null, () => null).choices;
      this.#deps.explain({ choice: explained }, 'an edge is chosen');
    }
    return choice;
  }

  lastChoices(count: number, client: number | null, edgeOf: (client: number) => string | null) {
    return this.#choices.last(count, client, edgeOf);
  }

  /** A process of it is ready. `owner`: the same for all processes of this edge, and for no other edge. */
  onReady(name: string, owner: object): void {
    const standing = this.#standings.get(name);
    if (standing?.owner === owner) standing.youngSince = this.#deps.timers.monotonic();
    else this.#begin(name, owner);
  }

  onTaken(name: string): void {
    const standing = this.#standings.get(name);
    if (standing === undefined) return;
    standing.record = afterSuccess(standing.record, this.#deps.timers.monotonic(), this.#deps.policy.ejection);
  }

  onFailure(name: string, why: EdgeFailure): void {
    const { timers, policy, log } = this.#deps;
    const at = timers.monotonic();
    const edges = this.#deps.edges(name);
    // That it is gone is known, and no fault of what will be there next.
    if (why === 'connect-failed' && !edges.some((edge) => edge.name === name && edge.ready)) return;
    const standing = this.#standings.get(name) ?? this.#begin(name, null);
    count(standing.failures, why);
    const wasEjected = isEjected(standing.record, at);
    const hasOther = edges.some((edge) => edge.name !== name && this.#isSound(edge, at));
    standing.record = afterFailure(standing.record, { at, hasOther }, policy.ejection);
    const forMs = ejectedForMs(standing.record, at);
    if (wasEjected || forMs === 0) return;
    count(standing.failures, 'ejected');
    log.warn({ edge: name, why, forMs, failures: policy.ejection.failures }, 'ejected: it gets no clients for now');
    timers.after(forMs, () => {
      if (this.#standings.get(name) !== standing) return;
      // Back with the mistrust that a young edge has, or it would get a whole burst to fail.
      standing.youngSince = timers.monotonic();
      log.info({ edge: name }, 'no longer ejected');
      this.#deps.onReturned();
    });
  }

  /** For the state of the pod. */
  standingOf(name: string): { ejectedForMs?: number; failures?: Record<string, number> } {
    const standing = this.#standings.get(name);
    if (standing === undefined) return {};
    const forMs = Math.ceil(ejectedForMs(standing.record, this.#deps.timers.monotonic()));
    return {
      ...(forMs === 0 ? {} : { ejectedForMs: forMs }),
      ...(standing.failures.size === 0 ? {} : { failures: Object.fromEntries(standing.failures) }),
    };
  }

  #candidate(edge: EdgeNow, at: number): Candidate {
    const { policy } = this.#deps;
    const standing = this.#standings.get(edge.name);
    return {
      ...edge,
      weight: policy.weights[edge.slotName] ?? 1,
      share: standing === undefined ? 1 : slowStartShare(at - standing.youngSince, policy.slowStartMs),
      ejected: standing !== undefined && isEjected(standing.record, at),
    };
  }

  #isSound(edge: EdgeNow, at: number): boolean {
    const standing = this.#standings.get(edge.name);
    return edge.ready && !edge.busy && !edge.full && (standing === undefined || !isEjected(standing.record, at));
  }

  #byStream({ stream }: Client): ByStream | null {
    if (stream === undefined) return null;
    const { loadFactor, hotFromClients } = this.#deps.policy;
    return { stream, loadFactor, hotFromClients };
  }

  #begin(name: string, owner: object | null): Standing {
    const youngSince = this.#deps.timers.monotonic();
    const standing: Standing = { owner, youngSince, record: NEVER_EJECTED, failures: new Map() };
    this.#standings.set(name, standing);
    return standing;
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
