import { createServer } from 'node:net';
import { describePortHolder, readPortHolders } from '@dolphin/runtime';
import { isInTheWay, judgePort } from '../domain/judge-port.js';

export type PortVerdict =
  | { readonly state: 'free' }
  | { readonly state: 'passing' | 'taken'; readonly port: number; readonly holder: string };

/**
 * Is a port free for an edge on this IPv4 address? SRS sets SO_REUSEPORT and would silently share it with another SRS, so it
 * is tried by a bind without that, on each address that a listener could stand on. Never rejects.
 */
export async function probePort(port: number, address: string): Promise<PortVerdict> {
  const [ownFree, any4, any6] = await Promise.all([
    canListen(port, address),
    canListen(port, '0.0.0.0'),
    canListen(port, '::'),
  ]);
  if (ownFree && any4 && any6) return { state: 'free' };
  const holders = (await readPortHolders(port)).filter((holder) => !holder.listening || isInTheWay(holder, address));
  const state = judgePort({ ownFree, holders });
  if (state === 'free') return { state };
  return { state, port, holder: await describePortHolder(port) };
}

/** Three binds at once would meet each other: on one port only one of an address and 0.0.0.0 can listen. */
let lastProbe: Promise<unknown> = Promise.resolve();

function canListen(port: number, host: string): Promise<boolean> {
  const probe = lastProbe.then(
    () =>
      new Promise<boolean>((resolve) => {
        const server = createServer();
        server.once('error', (error: NodeJS.ErrnoException) => {
          // No IPv6 here: nobody can be in the way there.
          resolve(error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT');
        });
        server.listen({ port, host, ipv6Only: host === '::' }, () => {
          server.close(() => resolve(true));
        });
      }),
  );
  lastProbe = probe;
  return probe;
}
