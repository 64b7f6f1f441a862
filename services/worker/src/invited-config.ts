import { resolve } from 'node:path';
import { type BusCredentials, credentialsOf } from '@dolphin/protocol';
import { ConfigError, loadConfig } from '@dolphin/runtime';
import { WorkerConfig } from './config.js';
import { keepInvitation, readInvitation, type TakenInvitation, takenInvitation } from './files/invitation-file.js';
import { ownAddressTowards } from './net/own-address.js';

export interface InvitedConfig {
  readonly config: WorkerConfig;
  /** Who it is on NATS: its own, or the file that it was told. */
  readonly credentials: string | BusCredentials | undefined;
  /** Writes a new invitation down. Not before it has proved good: a wrong one would take the place of the one that was. */
  readonly keep: () => Promise<void>;
}

/**
 * The configuration of a worker, with what its invitation says where nothing else does: that of `join`, or the one that its run
 * directory joined by. Throws ConfigError, E_CONFIG.
 */
export async function invitedConfig(o: {
  readonly file: string | undefined;
  readonly join: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly flags: Readonly<Record<string, unknown>>;
}): Promise<InvitedConfig> {
  const load = (fallback: Partial<TakenInvitation>) => {
    const { farm, nats, host, address } = fallback;
    const { file, env, flags } = o;
    const sources = { schema: WorkerConfig, file, envPrefix: 'DOLPHIN_', env, flags };
    return loadConfig({ ...sources, fallback: { farm, nats, host, address } });
  };
  const runDir = resolve(load({}).runDir);
  const offered = o.join === undefined ? null : await readInvitation(o.join);
  if (offered === null) {
    const taken = takenInvitation(runDir);
    const config = load(taken ?? {});
    return { config, credentials: credentialsIn(config, taken), keep: async () => undefined };
  }
  const said = load({ ...offered, address: UNSAID }).address;
  const taken = { ...offered, address: said === UNSAID ? await ownAddressTowards(offered.nats) : said };
  const config = load(taken);
  return { config, credentials: credentialsIn(config, taken), keep: () => keepInvitation(runDir, taken) };
}

/** No address. */
const UNSAID = '?';

/** A file that was named counts more than an invitation, which is for one host of one farm: other servers are not to hear its password. */
function credentialsIn(config: WorkerConfig, taken: TakenInvitation | null): string | BusCredentials | undefined {
  if (config.credentials !== undefined || taken === null) return config.credentials;
  for (const field of ['farm', 'host', 'nats'] as const) {
    if (config[field] === taken[field]) continue;
    throw new ConfigError({ file: 'invitation', field }, `is ${taken[field]}, and ${config[field]} is configured`);
  }
  return credentialsOf(taken);
}
