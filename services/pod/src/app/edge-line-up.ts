import { type ClientProtocol, edgeName, type Role } from '@dolphin/protocol';
import type { ClientLedger } from '../domain/client-ledger.js';
import type { EdgeNow } from './edge-chooser.js';
import type { EdgeRunner } from './edge-runner.js';
import type { HandOffLine } from './hand-off-lines.js';
import type { LimitsDesk } from './limits-desk.js';
import type { Client } from './ports.js';

export interface EdgeLineUpDeps {
  readonly runners: () => readonly EdgeRunner[];
  readonly ledger: ClientLedger;
  readonly limits: Pick<LimitsDesk, 'clientsAt'>;
  /** Null: its clients of this protocol are relayed. */
  readonly lineFor: (runner: EdgeRunner, protocol: ClientProtocol) => HandOffLine | null;
}

/** Which edges there are for a client, and how each one stands at this moment. */
export class EdgeLineUp {
  readonly #deps: EdgeLineUpDeps;

  constructor(deps: EdgeLineUpDeps) {
    this.#deps = deps;
  }

  /** Requests for HLS go to an edge of their own. */
  get hasHttpEdge(): boolean {
    return this.#deps.runners().some((runner) => runner.edge.role === 'http');
  }

  of(role: Role): EdgeRunner[] {
    return this.#deps.runners().filter((runner) => runner.edge.role === role);
  }

  /** Those that the clients of this one could have gone to instead, and itself. */
  like(name: string): EdgeNow[] {
    const role = this.#deps.runners().find((runner) => runner.name === name)?.edge.role ?? 'stream';
    return this.of(role).map((runner) => this.now(runner, 'rtmp'));
  }

  now(runner: EdgeRunner, protocol: ClientProtocol): EdgeNow {
    const { ledger, limits, lineFor } = this.#deps;
    const clients = ledger.countAt(runner.name);
    return {
      name: runner.name,
      slotName: edgeName(runner.edge),
      ready: runner.state === 'ready' && !runner.takesNobody,
      busy: lineFor(runner, protocol)?.busy === true,
      clients,
      full: clients >= limits.clientsAt(runner.process?.admits ?? 0),
    };
  }

  /** Whom its relay process takes instead, once it has read that HLS is asked for; null: it need not look. */
  httpBeside({ heldBy, protocol }: Client): EdgeRunner[] | null {
    if (heldBy === undefined || protocol !== 'http' || !this.hasHttpEdge) return null;
    return this.of('http').filter((runner) => {
      const { ready, full } = this.now(runner, protocol);
      return ready && !full;
    });
  }
}
