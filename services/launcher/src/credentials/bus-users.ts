import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  BusCredentials,
  type BusUser,
  busUserName,
  DolphinError,
  inboxPrefix,
  MAX_BUS_CREDENTIALS_BYTES,
  NAME_PATTERN,
} from '@dolphin/protocol';
import { readSecretJson, writeFileAtomic } from '@dolphin/runtime';
import { type NatsUser, natsUsersConf } from '../domain/nats-conf.js';
import type { Places } from '../up/places.js';

/** Not to be guessed, and short enough for a line. */
const PASSWORD_BYTES = 24;

/** A secret of letters, digits, - and _. */
export function newSecret(): string {
  return randomBytes(PASSWORD_BYTES).toString('base64url');
}

/** Where a user's credentials lie. */
export function userFile(places: Places, user: NatsUser['is']): string {
  const name = user === 'admin' ? user : user.role === 'worker' ? `worker-${user.host}` : user.role;
  return join(places.credentials, `${name}.json`);
}

/** The credentials of a user, which are made if there are none. Throws E_CONFIG for a file that is not to be trusted. */
export async function keepUser(places: Places, user: NatsUser['is']): Promise<BusCredentials> {
  const path = userFile(places, user);
  if (existsSync(path)) {
    const read = readSecretJson(path, BusCredentials, MAX_BUS_CREDENTIALS_BYTES);
    if ('refused' in read) throw new DolphinError('E_CONFIG', { where: path, why: read.refused });
    return read.data;
  }
  const isAdmin = user === 'admin';
  const made: BusCredentials = {
    user: isAdmin ? user : busUserName(user),
    password: newSecret(),
    inboxPrefix: isAdmin ? '_INBOX' : inboxPrefix(user),
  };
  await writeFileAtomic(path, `${JSON.stringify(made)}\n`);
  return made;
}

/** The hosts that have a user: those with a file. Taking the file away takes the host's right away, with the next write. */
export function invitedHosts(places: Places): string[] {
  return readdirSync(places.credentials)
    .flatMap((name) => /^worker-(.+)\.json$/.exec(name)?.[1] ?? [])
    .filter((host) => NAME_PATTERN.test(host))
    .sort();
}

/** What nats-server lets in: whoever has a file, and nobody else. */
export async function writeUsersConf(places: Places, farm: string): Promise<void> {
  const hosts = invitedHosts(places).map((host): BusUser => ({ role: 'worker', farm, host }));
  const users: NatsUser['is'][] = ['admin', { role: 'master', farm }, { role: 'cli', farm }, ...hosts];
  const known: NatsUser[] = [];
  for (const is of users) known.push({ is, password: (await keepUser(places, is)).password });
  await writeFileAtomic(join(places.credentials, 'users.conf'), natsUsersConf(known));
}
