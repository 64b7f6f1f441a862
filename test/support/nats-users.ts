import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type NatsUser, natsServerConf, natsUsersConf } from '@dolphin/launcher/domain/nats-conf.js';
import { type BusCredentials, type BusUser, busUserName, inboxPrefix } from '@dolphin/protocol';
import { connect, type NatsConnection } from 'nats';
import { onCleanup, type TestScope } from './cleanup.js';
import { eventually } from './eventually.js';
import { freePort } from './ports.js';
import { startProcess } from './processes.js';
import { tempDir } from './temp-dir.js';

export interface NatsWithUsers {
  readonly url: string;
  /** The credentials file of a user, of mode 0600. */
  file(user: BusUser): string;
  /** A plain connection as that user. */
  connect(user: BusUser | 'admin'): Promise<NatsConnection>;
}

/** A real nats-server that lets in these users alone, and an administrator. */
export async function startNatsWithUsers(
  t: TestScope,
  users: readonly BusUser[],
  address = '127.0.0.1',
): Promise<NatsWithUsers> {
  const dir = await tempDir(t);
  const port = await freePort();
  const passwordOf = (is: NatsUser['is']) => `secret-of-${is === 'admin' ? is : busUserName(is)}`;
  const file = (user: BusUser) => join(dir, `${busUserName(user)}.json`);
  for (const user of users) {
    const is: BusCredentials = {
      user: busUserName(user),
      password: passwordOf(user),
      inboxPrefix: inboxPrefix(user),
    };
    await writeFile(file(user), JSON.stringify(is), { mode: 0o600 });
  }
  const all = [...users, 'admin' as const].map((is) => ({ is, password: passwordOf(is) }));
  await writeFile(join(dir, 'users.conf'), natsUsersConf(all), { mode: 0o600 });
  const conf = natsServerConf({ name: 'test', address, port, storeDir: join(dir, 'store') });
  await writeFile(join(dir, 'nats.conf'), conf, { mode: 0o600 });
  startNatsWith(t, join(dir, 'nats.conf'));
  const url = `nats://${address}:${port}`;
  const connectAs = async (user: BusUser | 'admin') => {
    const is = user === 'admin' ? { user } : { user: busUserName(user), inboxPrefix: inboxPrefix(user) };
    return connect({ servers: url, ...is, pass: passwordOf(user), reconnect: false, timeout: 2_000 });
  };
  const first = await eventually(() => connectAs('admin'), { what: `nats-server answers on port ${port}` });
  await first.close();
  return {
    url,
    file,
    connect: async (user) => {
      const connection = await connectAs(user);
      onCleanup(t, () => connection.close());
      return connection;
    },
  };
}

/** Starts the nats-server of the tests with a configuration file. */
export function startNatsWith(t: TestScope, conf: string, env: Readonly<Record<string, string>> = {}) {
  const binary = process.env['NATS_SERVER_BIN'] ?? 'nats-server';
  return startProcess(t, binary, ['-c', conf], { env: { ...process.env, ...env } });
}
