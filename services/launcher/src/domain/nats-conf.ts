import { type BusUser, busPermissions, busUserName } from '@dolphin/protocol';

export interface NatsUser {
  /** `admin` may everything: to change streams by hand. */
  readonly is: BusUser | 'admin';
  /** Without quotes and backslashes. */
  readonly password: string;
}

/** The users of a farm as nats-server reads them, to be included in its block `authorization`. */
export function natsUsersConf(users: readonly NatsUser[]): string {
  return `users = [\n${users.map(userText).join('\n')}\n]\n`;
}

/** A whole nats-server.conf of one server, which takes the users from `users.conf` beside it. */
export function natsServerConf(o: { name: string; address: string; port: number; storeDir: string }): string {
  return `server_name: ${text(o.name)}
listen: ${text(`${o.address}:${o.port}`)}
jetstream { store_dir: ${text(o.storeDir)} }
authorization { include "users.conf" }
`;
}

function userText({ is, password }: NatsUser): string {
  if (is === 'admin') return `  { user: "admin", password: ${text(password)} }`;
  const { publish, subscribe } = busPermissions(is);
  return `  {
    user: ${text(busUserName(is))}, password: ${text(password)}
    permissions {
      publish { allow: ${list(publish)} }
      subscribe { allow: ${list(subscribe)} }
    }
  }`;
}

function list(subjects: readonly string[]): string {
  return `[\n${subjects.map((subject) => `        ${text(subject)}`).join('\n')}\n      ]`;
}

/** In quotes, in which nats-server reads $ as it stands. */
function text(value: string): string {
  if (/["\\\p{Cc}]/u.test(value)) throw new RangeError('nats-server.conf: a text with quotes or control characters');
  return `"${value}"`;
}
