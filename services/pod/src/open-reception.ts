import { readFileSync } from 'node:fs';
import { loadConf } from '@dolphin/srs';
import type { LimitsDesk } from './app/limits-desk.js';
import { Reception } from './app/reception.js';
import type { Router } from './app/router.js';
import type { PodConfig } from './config.js';
import { firstBytesReader } from './process/first-bytes.js';
import { refuseClient, refuseWords } from './process/public-listener.js';

/** Puts the reception of a pod together. Throws ConfError when it needs the vhosts of a conf that cannot be read. */
export function openReception(
  config: PodConfig,
  confPath: string,
  o: { router: Router; limits: LimitsDesk },
): Reception {
  const { router, limits } = o;
  const httpByStream = config.balance.httpByStream === 'on';
  return new Reception({
    reader: firstBytesReader,
    accept: (socket, protocol, known) => router.accept(socket, protocol, known),
    limits,
    refuse: (newcomer, refused) => {
      router.countRefused(refused.reason, newcomer.address);
      refuseWords(newcomer.socket, newcomer.protocol, refused);
    },
    turnAway: ({ socket, protocol, address }, reason) => {
      router.countRefused(reason, address);
      refuseClient(socket, protocol, reason);
    },
    fronts: config.proxyProtocol.from,
    httpByStream,
    vhosts: httpByStream ? confVhosts(confPath) : new Set(),
  });
}

/** Names of vhosts, for telling streams apart. */
function confVhosts(path: string): ReadonlySet<string> {
  const conf = loadConf(path, (file) => readFileSync(file, 'utf8'));
  return new Set(conf.flatMap(({ name, args }) => (name === 'vhost' && args[0] !== undefined ? [args[0]] : [])));
}
