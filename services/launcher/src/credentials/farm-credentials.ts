import { hostname } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_FARM, DolphinError, hostIdFrom, type Invitation } from '@dolphin/protocol';
import { lockDirectory, writeFileAtomic } from '@dolphin/runtime';
import type { Layout } from '../domain/layout.js';
import { natsServerConf } from '../domain/nats-conf.js';
import type { Places } from '../up/places.js';
import { keepTokens, readTokenFile, tokenFile, tokensFile } from './api-tokens.js';
import { keepUser, userFile, writeUsersConf } from './bus-users.js';
import { writeListenFile } from './listen-file.js';

/** What the programs of an `up --listen` are told: paths of files, all of mode 0600. */
export interface FarmCredentials {
  /** This machine in the farm. */
  readonly host: string;
  readonly natsConf: string;
  readonly master: string;
  readonly worker: string;
  readonly cli: string;
  readonly tokens: string;
  readonly operateTokenFile: string;
  readonly operateToken: string;
}

/** Makes what is not there yet of a directory's credentials, and keeps what is. Throws E_CONFIG, E_RUNNING. */
export async function keepCredentials(places: Places, layout: Layout): Promise<FarmCredentials> {
  const host = hostIdFrom(hostname());
  if (host === '') throw new DolphinError('E_CONFIG', { where: '--listen', why: 'this machine has no usable name' });
  const farm = DEFAULT_FARM;
  const { address, ports } = layout;
  return locked(places, async () => {
    await keepUser(places, { role: 'worker', farm, host });
    await writeUsersConf(places, farm);
    await keepTokens(places);
    const server = { name: 'dolphin-up', address, port: ports.nats, storeDir: places.nats };
    const natsConf = join(places.credentials, 'nats.conf');
    await writeFileAtomic(natsConf, natsServerConf(server));
    const operateTokenFile = tokenFile(places, 'operate');
    return {
      ...{ host, natsConf, operateTokenFile },
      operateToken: readTokenFile(operateTokenFile),
      master: userFile(places, { role: 'master', farm }),
      worker: userFile(places, { role: 'worker', farm, host }),
      cli: userFile(places, { role: 'cli', farm }),
      tokens: tokensFile(places),
    };
  });
}

/**
 * From now on the directory listens there. Said when the farm has taken the address, for its origin is there: one that refused
 * it is to start where it was.
 */
export function rememberAddress(places: Places, { address, ports }: Layout): Promise<void> {
  const { nats, rtmp, http } = ports;
  return writeListenFile(places, { farm: DEFAULT_FARM, address, nats: `nats://${address}:${nats}`, rtmp, http });
}

/** The invitation of a host, whose user is made if there is none; nats-server has to be told then. Throws E_CONFIG, E_RUNNING. */
export function inviteHost(places: Places, to: { farm: string; nats: string }, host: string): Promise<Invitation> {
  const { farm, nats } = to;
  return locked(places, async () => {
    const { password } = await keepUser(places, { role: 'worker', farm, host });
    await writeUsersConf(places, farm);
    return { v: 1, farm, host, nats, password };
  });
}

/** Two that write users.conf at a time would each leave the other's new user out. */
async function locked<T>(places: Places, work: () => Promise<T>): Promise<T> {
  const lock = await lockDirectory(places.credentials, 'credentials');
  if (!lock.held) {
    throw new DolphinError('E_RUNNING', {
      what: `a change of ${places.credentials}`,
      pid: lock.pid ?? 'not known yet',
    });
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
