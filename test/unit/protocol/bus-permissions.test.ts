import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BusUser, busPermissions, busUserName, inboxPrefix } from '@dolphin/protocol';

const farm = 'main';
const h1: BusUser = { role: 'worker', farm, host: 'h1' };

test('a worker publishes and hears what names its host, its inbox and streams, and nothing else', () => {
  const { publish, subscribe } = busPermissions(h1);
  const looks = ['dolphin-main-log', 'dolphin-main-sessions'].flatMap((name) => [
    `$JS.API.STREAM.INFO.${name}`,
    `$JS.API.STREAM.MSG.GET.${name}`,
  ]);
  const own = ['heartbeat.h1', 'log.host.h1', 'reply.h1.>', 'sessions.h1', 'stats.h1'];
  assert.deepEqual(publish, [...looks, ...own.map((subject) => `dolphin.main.${subject}`)].sort());
  const heard = ['ask.h1', 'command.h1', 'heartbeat.h1', 'kick.h1', 'log.host.h1', 'sessions.h1'];
  assert.deepEqual(subscribe, ['_INBOX.main.worker.h1.>', ...heard.map((subject) => `dolphin.main.${subject}`)].sort());
});

test('nobody gets a wildcard over all, nor a call that takes something from a stream', () => {
  for (const user of [h1, { role: 'master', farm }, { role: 'cli', farm }] as const) {
    const { publish, subscribe } = busPermissions(user);
    for (const subject of [...publish, ...subscribe]) {
      assert.doesNotMatch(
        subject,
        /^[>*]|^dolphin\.main\.>$|STREAM\.(DELETE|PURGE|UPDATE|MSG\.DELETE|SNAPSHOT|RESTORE)/,
      );
    }
  }
});

test('who looks on may ask hosts, and neither command them nor close their clients', () => {
  const { publish } = busPermissions({ role: 'cli', farm });
  assert.deepEqual(publish, ['dolphin.main.ask.*']);
});

test('users of farms and roles that sound alike have names of their own', () => {
  const users: BusUser[] = [
    { role: 'worker', farm: 'a', host: 'cli' },
    { role: 'cli', farm: 'a-worker' },
    { role: 'cli', farm: 'a' },
    { role: 'worker', farm: 'a', host: 'worker-cli' },
  ];
  assert.equal(new Set(users.map(busUserName)).size, users.length);
  assert.equal(new Set(users.map(inboxPrefix)).size, users.length);
});
