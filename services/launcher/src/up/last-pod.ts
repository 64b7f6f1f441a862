import { systemClock } from '@dolphin/runtime';
import type { Layout } from '../domain/layout.js';
import { podState } from '../http/pod-socket.js';
import { runningPod } from './leftovers.js';
import type { Places } from './places.js';

/**
 * A pod with thousands of viewers, or on a machine that swaps, answers late. Its viewers are worth waiting for; one that
 * says nothing for this long is frozen, and no worker could adopt it.
 */
export const POD_PATIENCE_MS = 15_000;
const POLL_MS = 100;

/** Where its clients are to reach it. */
interface PublicPlace {
  readonly address: string;
  readonly ports: Pick<Layout['ports'], 'rtmp' | 'http'>;
}

/** The pod that the last `up` left: `kept` for the next worker, or `unfit` to be kept and `why`. */
export type LastPod =
  | { readonly found: 'none' }
  | { readonly found: 'kept'; readonly pid: number }
  | { readonly found: 'unfit'; readonly pid: number; readonly why: string };

/** Looks at it until it answers, it ends, `patienceMs` are over, or `stop`. `tell`: what a person waits for meanwhile. */
export async function lookAtLastPod(
  places: Places,
  wanted: PublicPlace,
  o: { tell: (text: string) => void; stop: AbortSignal; patienceMs?: number },
): Promise<LastPod> {
  const { tell, stop, patienceMs = POD_PATIENCE_MS } = o;
  const end = performance.now() + patienceMs;
  let isTold = false;
  for (;;) {
    const pod = await podState(places.podSocket);
    if (pod) return { pid: pod.pid, ...judge(pod, wanted) };
    const process = await runningPod(places);
    if (!process) return { found: 'none' };
    const { pid } = process;
    if (stop.aborted) return { found: 'unfit', pid, why: 'up was stopped before it answered' };
    if (performance.now() >= end) return { found: 'unfit', pid, why: `no answer for ${patienceMs / 1000} s` };
    if (!isTold) tell(`the pod of the last up, pid ${pid}, does not answer yet; it gets ${patienceMs / 1000} s`);
    isTold = true;
    await systemClock.sleep(POLL_MS, stop);
  }
}

type Served = { readonly address: string } & Readonly<Record<'rtmp' | 'http', readonly number[]>>;

function judge(serves: Served, { address, ports }: PublicPlace) {
  const isFit = serves.address === address && only(serves.rtmp, ports.rtmp) && only(serves.http, ports.http);
  if (isFit) return { found: 'kept' } as const;
  const there = `${serves.address}, ports ${[...serves.rtmp, ...serves.http].join(', ')}`;
  return { found: 'unfit', why: `it serves ${there}, not ${address}, ports ${ports.rtmp}, ${ports.http}` } as const;
}

function only(ports: readonly number[], port: number): boolean {
  return ports.length === 1 && ports[0] === port;
}
