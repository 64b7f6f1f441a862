import { type Directive, directive } from '@dolphin/srs';
import { type Layout, OWN_ADDRESS } from './layout.js';

/** What `up` decides about its origin, whatever conf/origin.conf says: where it listens, no daemon, log to us. */
export function originConf(conf: readonly Directive[], { address, ports }: Layout): Directive[] {
  const managed = new Set(['listen', 'daemon', 'pid', 'srs_log_tank', 'srs_log_file', 'http_server', 'http_api']);
  return [
    directive('listen', [`${address}:${ports.origin}`]),
    directive('daemon', ['off']),
    directive('pid', ['./origin.pid']),
    directive('srs_log_tank', ['console']),
    withListen('http_server', conf, `${OWN_ADDRESS}:${ports.originHttp}`),
    withListen('http_api', conf, `${OWN_ADDRESS}:${ports.originApi}`),
    ...conf.filter((item) => !managed.has(item.name)),
  ];
}

/** The block as it is, but listening where we say, and on. */
function withListen(name: string, conf: readonly Directive[], address: string): Directive {
  const block = conf.find((item) => item.name === name)?.block ?? [];
  const kept = block.filter((item) => item.name !== 'listen' && item.name !== 'enabled');
  return directive(name, [], [directive('enabled', ['on']), directive('listen', [address]), ...kept]);
}
