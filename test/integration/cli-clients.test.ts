import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AskReply, LiveSession, Session } from '@dolphin/protocol';
import type { TestScope } from '../support/cleanup.js';
import { startNats } from '../support/nats.js';
import { freePort } from '../support/ports.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { cli, cliMain, fakeMaster, refusal } from './cli-support/fake-farm.js';
import { fakeWorker, heartbeat, podState, writeCliFile } from './cli-support/fake-hosts.js';

const session = (id: string, second: number): Session => ({
  ...{ id, protocol: 'rtmp', address: '192.0.2.1', edge: 'stream-0', via: null, stream: '/live/a', use: 'play' },
  ...{ acceptedAt: `2026-11-21T10:00:0${second}.000Z`, sentBytes: 10, receivedBytes: 3 },
});

test('clients asks a master with every filter, and says what is not among them', async (t) => {
  const asked: string[] = [];
  const master = await fakeMaster(t, {
    'GET /api/v1/sessions': ({ query }) => {
      asked.push(query.toString());
      const unheard = [{ host: 'h2', why: 'its worker is gone' }];
      return { body: { total: 9, sessions: [{ host: 'h1', ...session('a-1', 1) }], unheard } };
    },
  });
  const filters = ['--host', 'h1', '--edge', 'stream-0', '--stream', '/live/a', '--address', '192.0.2.0/24'];
  const { code, stdout, stderr } = await cli(
    t,
    master,
    'clients',
    ...filters,
    '--protocol',
    'rtmp',
    '--limit',
    '1',
    '--json',
  );
  assert.equal(code, 0, stderr);
  const { schema, total, clients } = JSON.parse(stdout);
  assert.deepEqual([schema, total, clients.length], ['dolphin.clients/1', 9, 1]);
  assert.deepEqual(asked, ['host=h1&edge=stream-0&stream=%2Flive%2Fa&address=192.0.2.0%2F24&protocol=rtmp&limit=1']);
  assert.match(stderr, /there are 8 more: .*\n.*not among these is what h2 has: its worker is gone\n$/);
});

test('kick says where the client was, and with its code that nobody has it', async (t) => {
  const master = await fakeMaster(t, {
    'DELETE /api/v1/sessions/a-1': ({ query, body }) => {
      assert.equal(query.get('host'), 'h1');
      assert.equal(JSON.parse(body).why, 'too loud');
      return { body: { host: 'h1', session: 'a-1' } };
    },
    'DELETE /api/v1/sessions/a-2': () => refusal('E_NOT_FOUND', 'session a-2 is not there'),
  });
  const done = await cli(t, master, 'kick', 'a-1', '--host', 'h1', '--why', 'too loud', '--json');
  assert.deepEqual(JSON.parse(done.stdout), { schema: 'dolphin.kick/1', host: 'h1', session: 'a-1' });
  const none = await cli(t, master, 'kick', 'a-2');
  assert.deepEqual([none.code, none.stderr], [66, 'dolphin-cli: E_NOT_FOUND: session a-2 is not there\n']);
  assert.equal((await cli(t, master, 'kick', '../a')).code, 64);
});

/** Two hosts on NATS, and a directory that says where it is; no master. */
async function hostsAlone(t: TestScope): Promise<string> {
  const [dir, nats] = [await tempDir(t), await startNats(t)];
  writeCliFile(dir, { api: [`http://127.0.0.1:${await freePort()}`], nats: nats.url, runDir: dir });
  const replies: Record<string, AskReply> = {
    h1: { what: 'sessions', total: 3, sessions: [session('a-1', 1), session('a-2', 3)] },
    h2: { what: 'sessions', total: 1, sessions: [session('b-1', 2)] },
    h3: { what: 'refused', code: 'E_POD_DOWN', message: 'the pod of this host is not up' },
  };
  for (const [host, reply] of Object.entries(replies)) {
    await fakeWorker(t, nats.url, heartbeat(host, podState(host, [])), reply);
  }
  return dir;
}

test('without a master the hosts are asked over NATS, which is said', async (t) => {
  const dir = await hostsAlone(t);
  const { code, stdout, stderr } = await run(t, process.execPath, [cliMain, '--dir', dir, 'clients', '--json']);
  assert.equal(code, 0, stderr);
  const { total, clients, unheard } = JSON.parse(stdout);
  assert.equal(total, 4);
  assert.deepEqual(
    clients.map(({ host, id }: LiveSession) => `${host} ${id}`),
    ['h1 a-1', 'h2 b-1', 'h1 a-2'],
  );
  assert.deepEqual(unheard, [{ host: 'h3', why: 'the pod of this host is not up' }]);
  assert.match(stderr, /^dolphin-cli: the master at .*; the hosts are asked over NATS\n/);
  const one = await run(t, process.execPath, [cliMain, '--dir', dir, 'clients', '--json', '--host', 'h2']);
  assert.equal(JSON.parse(one.stdout).total, 1);
});
