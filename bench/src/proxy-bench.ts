import { type Peer, PROXY_PROGRAMS, startProxy } from './proxy-stage.js';
import { type RoundsResult, runRounds } from './rounds.js';
import { buildStage } from './stage.js';

export interface ProxyBenchOptions {
  players: number;
  /** Players that come and leave, a second. */
  churn: number;
  seconds: number;
  rounds: number;
  peers: readonly Peer[];
  progress(text: string): void;
}

export const PROXY_REFERENCE = 'haproxy';

/** The pod by relay and by hand-off, against HAProxy, nginx and whoever else is named, each before the same edge. */
export async function benchProxy(o: ProxyBenchOptions): Promise<RoundsResult> {
  const stage = await buildStage();
  try {
    return await runRounds({
      ...o,
      programs: [...PROXY_PROGRAMS, ...o.peers.map(({ name }) => name)],
      reference: PROXY_REFERENCE,
      start: async (program) => {
        const { measured, target } = await startProxy(stage, program, o.peers);
        const { players, churn: churnPerSecond } = o;
        return { measured, load: { target, players, churnPerSecond, reference: stage.reference } };
      },
    });
  } finally {
    await stage.close();
  }
}
