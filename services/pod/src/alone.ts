import { readFileSync } from 'node:fs';
import { DolphinError, type EdgeDefinition } from '@dolphin/protocol';
import { loadConf } from '@dolphin/srs';
import { aloneDefinitions, type PodOptions } from './domain/pod-options.js';
import { confOrigins } from './domain/render-conf.js';
import type { Engines } from './process/engines.js';

/** A pod alone has one engine, from its command line: a path that was mistyped is said at once, not tried for ever. */
export async function mustFindEngines(engines: Engines): Promise<void> {
  for (const name of engines.names) {
    const engine = await engines.find(name);
    if (engine !== null && 'why' in engine) throw new DolphinError('E_CONFIG', { where: '-b', why: engine.why });
  }
}

/** The edges that the command line asks for. Throws E_CONFIG, ConfError. */
export function edgesOfCommandLine(options: PodOptions): EdgeDefinition[] {
  const [engine] = options.engines.keys();
  const origins = confOrigins(loadConf(options.confPath, (path) => readFileSync(path, 'utf8')));
  if (origins.length === 0) {
    throw new DolphinError('E_CONFIG', { where: options.confPath, why: 'no vhost names an origin' });
  }
  return options.alone === null ? [] : aloneDefinitions(options.alone, origins, engine ?? 'builtin');
}
