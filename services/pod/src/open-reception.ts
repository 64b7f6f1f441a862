import { readFileSync } from 'node:fs';
import { loadConf } from '@dolphin/srs';
import { Reception } from './app/reception.js';
import type { Router } from './app/router.js';
import type { PodConfig } from './config.js';
import { firstBytesReader } from './process/first-bytes.js';
import { refuseWords } from './process/public-listener.js';

/** Puts the reception of a pod together. Throws ConfError when it needs the vhosts of a conf that cannot be read. */
export function openReception(config: PodConfig, confPath: string, router: Router): Reception {
  const httpByStream = config.balance.httpByStream === 'on';
  return new Reception({
    reader: firstBytesReader,
    accept: (socket, protocol, known) => router.accept(socket, protocol, known),
    refuse: (socket, protocol, refused) => {
      router.countRefused(refused.reason);
      refuseWords(socket, protocol, refused);
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
