import { readFileSync } from 'node:fs';
import { loadConf } from '@dolphin/srs';
import type { LimitsDesk } from './app/limits-desk.js';
import { Reception, type ReceptionDeps } from './app/reception.js';
import type { Router } from './app/router.js';
import type { PodConfig } from './config.js';
import { firstBytesReader } from './process/first-bytes.js';
import { refuseClient, refuseWords } from './process/public-listener.js';

export type ReadFirst = Pick<ReceptionDeps, 'fronts' | 'httpByStream' | 'vhosts'>;

/** What is read of clients before they are routed. Throws ConfError when it needs the vhosts of a conf that cannot be read. */
export function whatIsReadFirst(config: PodConfig, confPath: string): ReadFirst {
  const httpByStream = config.balance.httpByStream === 'on';
  const vhosts = httpByStream ? confVhosts(confPath) : new Set<string>();
  return { fronts: config.proxyProtocol.from, httpByStream, vhosts };
}

/** Puts the reception of a pod together that accepts by itself. */
export function openReception(readFirst: ReadFirst, o: { router: Router; limits: LimitsDesk }): Reception {
  const { router, limits } = o;
  return new Reception({
    reader: firstBytesReader,
    accept: (socket, protocol, known) => router.accept(socket, protocol, known),
    limits,
    hasHttpEdge: () => router.lineUp.hasHttpEdge,
    refuse: (newcomer, refused) => {
      router.countRefused(refused.reason, newcomer.address);
      refuseWords(newcomer.socket, newcomer.protocol, refused);
    },
    turnAway: ({ socket, protocol, address }, reason) => {
      router.countRefused(reason, address);
      refuseClient(socket, protocol, reason);
    },
    ...readFirst,
  });
}

/** Names of vhosts, for telling streams apart. */
function confVhosts(path: string): ReadonlySet<string> {
  const conf = loadConf(path, (file) => readFileSync(file, 'utf8'));
  return new Set(conf.flatMap(({ name, args }) => (name === 'vhost' && args[0] !== undefined ? [args[0]] : [])));
}
