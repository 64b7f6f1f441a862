import { test } from 'node:test';
import { natsUsersConf } from '@dolphin/launcher/domain/nats-conf.js';
import { holdPage } from './written-docs.js';

const HEAD = `# The users of farm main with the hosts h1 and h2, generated from the table of subjects (docs/reference/subjects.md). Change
# every password; a user's credentials file has { "user", "password", "inboxPrefix": "_INBOX.<user>" } (docs/5-credentials.md).
`;

test('conf/nats/users.conf is what the table of subjects says', () => {
  const farm = 'main';
  const users = natsUsersConf([
    { is: 'admin', password: 'change-me-admin' },
    { is: { role: 'master', farm }, password: 'change-me-master' },
    { is: { role: 'cli', farm }, password: 'change-me-cli' },
    { is: { role: 'worker', farm, host: 'h1' }, password: 'change-me-h1' },
    { is: { role: 'worker', farm, host: 'h2' }, password: 'change-me-h2' },
  ]);
  holdPage('conf/nats/users.conf', HEAD + users);
});
