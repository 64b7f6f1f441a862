import { isEdgesFault } from '../domain/ejection.js';
import type { EdgeChooser } from './edge-chooser.js';
import type { EdgeRunner } from './edge-runner.js';
import type { Client } from './ports.js';
import type { RelayPool } from './relay-pool.js';
import { relayTargets } from './relay-targets.js';
import type { Sessions } from './sessions.js';

export interface RelayRouteDeps {
  /** Null: there is no pool yet. */
  readonly pool: () => RelayPool | null;
  readonly sessions: Sessions;
  readonly chooser: EdgeChooser;
  /** Where edges listen. */
  readonly privateAddress: string;
}

/** The way of clients to edges through relay processes. */
export class RelayRoute {
  readonly #deps: RelayRouteDeps;

  constructor(deps: RelayRouteDeps) {
    this.#deps = deps;
  }

  /**
   * `ranked`: the edges to try, best first; `http`: those to try instead when it asks for HLS, if whoever holds it is to look.
   * Null: it is on its way; otherwise why it has to wait.
   */
  send(
    client: Client,
    ranked: readonly EdgeRunner[],
    http: readonly EdgeRunner[] | null,
  ): 'no-edge' | 'relays-busy' | 'no-relay' | null {
    const { ledger } = this.#deps.sessions;
    const pool = this.#deps.pool();
    const targets = relayTargets(ranked, client.protocol, this.#deps.privateAddress);
    const [first] = targets;
    // None of them serves this protocol.
    if (first === undefined) return 'no-edge';
    if (pool === null) return 'no-relay';
    const via = client.heldBy ?? pool.pick((name) => ledger.countVia(name));
    if (via === null) return pool.isUp ? 'relays-busy' : 'no-relay';
    ledger.put(client.id, first.edge, via);
    if (client.heldBy === undefined) pool.push(via, client, targets);
    else {
      const { privateAddress } = this.#deps;
      pool.direct(via, client.id, targets, http && relayTargets(http, client.protocol, privateAddress));
    }
    return null;
  }

  onRouted(id: number, edge: string, via: string): void {
    this.#deps.chooser.onTaken(edge);
    this.#deps.sessions.routed(id, edge, via);
  }

  /** It is counted at the next edge that the relay tries. */
  onConnectFailed(id: number, edge: string, via: string, code: string): void {
    const { chooser, sessions, pool } = this.#deps;
    if (isEdgesFault(code)) chooser.onFailure(edge, 'connect-failed');
    if (sessions.ledger.edgeOf(id) === null) return;
    const targets = pool()?.targetsOf(id) ?? [];
    const tried = targets.findIndex((target) => target.edge === edge);
    const next = tried === -1 ? undefined : targets[tried + 1];
    if (next !== undefined) sessions.routed(id, next.edge, via);
  }
}
