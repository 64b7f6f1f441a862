import type { ClientProtocol, RelayTarget } from '@dolphin/protocol';
import { readsProxyHeader } from '../domain/dialect.js';
import type { EdgeRunner } from './edge-runner.js';

/** What a message to a relay process may name. */
const MAX_TARGETS = 64;

/** Where a relay process can connect a client of this protocol, in the order given; empty: none of them serves it. */
export function relayTargets(
  runners: readonly EdgeRunner[],
  protocol: ClientProtocol,
  privateAddress: string,
): RelayTarget[] {
  const targets = runners.flatMap((runner) => {
    const port = protocol === 'rtmp' ? runner.edge.ports.rtmp : runner.edge.ports.http;
    if (port === undefined) return [];
    const proxyHeader = runner.process !== null && readsProxyHeader(runner.process.dialect);
    return [{ edge: runner.name, host: privateAddress, port, proxyHeader }];
  });
  return targets.slice(0, MAX_TARGETS);
}
