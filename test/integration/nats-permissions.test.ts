import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { JetStreamLogStore } from '@dolphin/eventlog';
import { AskReply, type BusUser, type EventRow, FarmView, inboxPrefix, subjectsOf } from '@dolphin/protocol';
import { connect, type NatsConnection } from 'nats';
import { onCleanup, type TestScope } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { type NatsWithUsers, startNatsWith, startNatsWithUsers } from '../support/nats-users.js';
import { fromRoot } from '../support/paths.js';
import { freePort, freePortRange } from '../support/ports.js';
import { startProcess } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { TestMaster } from './master-support/test-master.js';

const farm = 'main';
const master: BusUser = { role: 'master', farm };
const cli: BusUser = { role: 'cli', farm };
const worker = (host: string): BusUser => ({ role: 'worker', farm, host });
const USERS = [master, cli, worker('h1'), worker('h2')];
const subjects = subjectsOf(farm);

const violations = new WeakMap<NatsConnection, string[]>();

/** What the server refused this connection, from the first look on. */
function violationsOf(bus: NatsConnection): string[] {
  const known = violations.get(bus);
  if (known) return known;
  const seen: string[] = [];
  violations.set(bus, seen);
  void (async () => {
    for await (const status of bus.status()) if (status.type === 'error') seen.push(status.error.message);
  })();
  return seen;
}

/** Whether the server let `act` pass: what it refuses it says before it answers the flush. */
async function passes(bus: NatsConnection, act: () => void): Promise<boolean> {
  const seen = violationsOf(bus);
  const before = seen.length;
  act();
  await bus.flush();
  // A status is handed over in a turn of its own.
  await new Promise((resolve) => setImmediate(resolve));
  return seen.length === before;
}

function publishes(bus: NatsConnection, subject: string): Promise<boolean> {
  return passes(bus, () => bus.publish(subject, '{}'));
}

function subscribes(bus: NatsConnection, subject: string): Promise<boolean> {
  return passes(bus, () => bus.subscribe(subject, { max: 1, callback: () => undefined }));
}

/** A call of JetStream's API, made by hand. Throws what it refuses. */
async function jetstream(bus: NatsConnection, call: string, body: object = {}): Promise<Record<string, unknown>> {
  const answer = (await bus.request(`$JS.API.${call}`, JSON.stringify(body), { timeout: 5_000 })).json();
  assert.ok(!('error' in (answer as object)), JSON.stringify(answer));
  return answer as Record<string, unknown>;
}

function makeLog(admin: NatsConnection): Promise<unknown> {
  const name = subjects.logStream;
  return jetstream(admin, `STREAM.CREATE.${name}`, { name, subjects: [subjects.logAll] });
}

test('a whole host runs under these permissions: joined, commanded, asked, its facts and edges told', async (t) => {
  const nats = await startNatsWithUsers(t, USERS);
  const m = await TestMaster.start(t, { nats: nats.url, args: ['--credentials', nats.file(master)] });
  await eventually(async () => (await m.request('POST', '/api/v1/init', { who: 'test' })).status === 200, {
    what: 'the farm is created',
  });
  const runDir = join(await tempDir(t), 'worker');
  const process = startProcess(t, fromRoot('bin/dolphin-worker'), [
    ...['--nats', nats.url, '--credentials', nats.file(worker('h1')), '--host', 'h1', '--run-dir', runDir],
    ...['--rtmp', String(await freePort()), '--http', String(await freePort())],
  ]);
  onCleanup(t, async () => {
    await process.stop();
    const socket = join(runDir, 'pod.sock');
    await startProcess(t, 'curl', ['-s', '--unix-socket', socket, '-X', 'POST', 'http://pod/v1/stop']).ends();
  });
  const spec = {
    edges: { perHost: 1 },
    engine: 'builtin',
    origins: [`127.0.0.1:${await freePort()}`],
    ports: {
      streamRtmp: await freePortRange(2),
      streamHttp: await freePortRange(2),
      streamApi: await freePortRange(2),
      backSourceRtmp: await freePort(),
      backSourceApi: await freePort(),
    },
  };
  const applied = await m.request('POST', '/api/v1/apply', { spec, who: 'test' });
  assert.equal(applied.status, 200, JSON.stringify(applied.body));
  const looker = await nats.connect(cli);
  let view: FarmView | null = null;
  looker.subscribe(subjects.farm, {
    callback: (_, message) => {
      view = FarmView.parse(message.json());
    },
  });
  const isReady = (farm: FarmView | null) =>
    farm?.edges.length === 2 && farm.edges.every(({ state }) => state === 'ready');
  await eventually(() => isReady(view), { what: 'who looks on hears of two ready edges' });
  const reply = `${subjects.reply('h1')}.${randomUUID()}`;
  const state = await looker.request(subjects.ask('h1'), '', { timeout: 5_000, noMux: true, reply });
  assert.equal(AskReply.parse(state.json()).what, 'state');

  // Another host has the server send its answers into the log, under names that are not its own.
  const hostile = await nats.connect(worker('h2'));
  const elsewhere = [subjects.logDecisions, subjects.logOperator, subjects.logHost('h1')];
  for (const reply of elsewhere) hostile.publish(subjects.logHost('h2'), '{}', { reply });
  await hostile.flush();
  const strayed = /appended by nobody: it is passed over/;
  await m.process.printed(strayed);
  await eventually(
    async () => {
      const { status } = await m.request('POST', '/api/v1/apply', {
        spec: { ...spec, edges: { perHost: 2 } },
        who: 't',
      });
      return status === 200;
    },
    { what: 'the farm is changed all the same' },
  );
  const told = async () => {
    const { body } = await m.request('GET', '/api/v1/events?limit=1000');
    const { events } = body as { events: EventRow[] };
    return events.filter(({ type, by }) => type === 'edge-ready' && by === 'h1').length >= 3;
  };
  await eventually(told, { what: 'its leader leads, and what happens on the other host is told' });
  assert.deepEqual(new Set(await strays(nats)), new Set(elsewhere), 'the server does send them there');

  assert.doesNotMatch(process.output(), /ermissions/);
  assert.doesNotMatch(m.process.output(), /ermissions/);
});

/** The subjects of other hosts, and of masters, on which the log holds a message without an id. */
async function strays(nats: NatsWithUsers): Promise<string[]> {
  const log = await JetStreamLogStore.open(await nats.connect('admin'), farm);
  const stored: string[] = [];
  for await (const { type, subject } of log.read({ after: 0 })) {
    if (type === 'stray' && subject !== subjects.logHost('h2')) stored.push(subject);
  }
  return stored;
}

test('a worker speaks for its own host alone, and commands nobody', async (t) => {
  const nats = await startNatsWithUsers(t, USERS);
  const bus = await nats.connect(worker('h2'));
  for (const of of ['logHost', 'heartbeat', 'stats', 'sessions'] as const) {
    assert.equal(await publishes(bus, subjects[of]('h2')), true, `own ${of}`);
    assert.equal(await publishes(bus, subjects[of]('h1')), false, `${of} of another host`);
  }
  for (const subject of [
    ...[subjects.command('h1'), subjects.command('h2'), subjects.ask('h1'), subjects.farm, subjects.logDecisions],
    ...[subjects.logOperator, `$KV.${subjects.leaseBucket}.leader`, `${subjects.reply('h1')}.x`],
    ...[`${inboxPrefix(master)}.x`, `${inboxPrefix(cli)}.x`],
  ]) {
    assert.equal(await publishes(bus, subject), false, subject);
  }
  assert.equal(await subscribes(bus, subjects.command('h2')), true);
  for (const subject of [subjects.command('h1'), subjects.heartbeatAll, '>', '_INBOX.>', `${inboxPrefix(master)}.>`]) {
    assert.equal(await subscribes(bus, subject), false, subject);
  }
});

test('who looks on hears and asks, and writes nothing', async (t) => {
  const nats = await startNatsWithUsers(t, USERS);
  const bus = await nats.connect(cli);
  for (const subject of [subjects.farm, subjects.heartbeatAll, subjects.statsAll]) {
    assert.equal(await subscribes(bus, subject), true, subject);
  }
  assert.equal(await publishes(bus, subjects.ask('h1')), true);
  for (const subject of [
    ...[
      subjects.command('h1'),
      subjects.kick('h1'),
      subjects.logOperator,
      subjects.logDecisions,
      subjects.logHost('h1'),
      subjects.farm,
    ],
    ...[subjects.heartbeat('h1'), `$JS.API.STREAM.MSG.GET.${subjects.logStream}`, `${subjects.reply('h1')}.x`],
  ]) {
    assert.equal(await publishes(bus, subject), false, subject);
  }
});

test('nobody of the farm deletes or purges its log, and a worker has nothing delivered anywhere', async (t) => {
  const nats = await startNatsWithUsers(t, USERS);
  const admin = await nats.connect('admin');
  await makeLog(admin);
  for (const user of [master, worker('h1')]) {
    const bus = await nats.connect(user);
    for (const call of ['DELETE', 'PURGE', 'UPDATE', 'MSG.DELETE', 'SNAPSHOT']) {
      const subject = `$JS.API.STREAM.${call}.${subjects.logStream}`;
      assert.equal(await publishes(bus, subject), false, `${user.role}: ${subject}`);
    }
  }
  const bus = await nats.connect(worker('h1'));
  for (const call of [
    `CREATE.${subjects.logStream}`,
    `CREATE.${subjects.logStream}.c`,
    `DURABLE.CREATE.${subjects.logStream}.c`,
  ]) {
    assert.equal(await publishes(bus, `$JS.API.CONSUMER.${call}`), false, call);
  }
  const info = await jetstream(admin, `STREAM.INFO.${subjects.logStream}`);
  assert.equal((info['state'] as { consumer_count: number }).consumer_count, 0);
});

test('nats-server delivers where the maker of a push consumer says: why workers may make none', async (t) => {
  const nats = await startNatsWithUsers(t, USERS);
  const admin = await nats.connect('admin');
  await makeLog(admin);
  await admin.request(subjects.logHost('h1'), 'written by h1');
  const looker = await nats.connect(cli);
  const heard: string[] = [];
  looker.subscribe(subjects.stats('h2'), {
    callback: (_, message) => {
      heard.push(message.string());
    },
  });
  await looker.flush();
  const bus = await nats.connect(master);
  assert.equal(await publishes(bus, subjects.stats('h2')), false);
  const config = { deliver_subject: subjects.stats('h2'), ack_policy: 'none' };
  await jetstream(bus, `CONSUMER.CREATE.${subjects.logStream}`, { stream_name: subjects.logStream, config });
  await eventually(() => heard.length > 0, { what: 'the message of the log comes as figures of h2' });
  assert.deepEqual(heard, ['written by h1']);
});

test('the shipped nats-server confs start, with the shipped users: one server, and three', async (t) => {
  const dir = await tempDir(t);
  for (const name of ['users.conf', 'replicated.conf']) await copyFile(fromRoot(`conf/nats/${name}`), join(dir, name));
  const port = await freePort();
  const single = await readFile(fromRoot('conf/nats/single.conf'), 'utf8');
  const moved = single.replace('127.0.0.1:14222', `127.0.0.1:${port}`).replace('./nats-data', join(dir, 'single'));
  await writeFile(join(dir, 'single.conf'), moved);
  startNatsWith(t, join(dir, 'single.conf'));
  await letsIn(t, port);

  const routes = [await freePort(), await freePort(), await freePort()];
  const list = routes.map((route) => `"nats://route:secret@127.0.0.1:${route}"`).join(', ');
  const ports = await Promise.all(
    routes.map(async (route, index) => {
      const listen = await freePort();
      startNatsWith(t, join(dir, 'replicated.conf'), {
        DOLPHIN_NATS_NAME: `dolphin-${index}`,
        DOLPHIN_NATS_LISTEN: `127.0.0.1:${listen}`,
        DOLPHIN_NATS_CLUSTER: `127.0.0.1:${route}`,
        DOLPHIN_NATS_STORE: join(dir, `store-${index}`),
        DOLPHIN_NATS_ROUTE_PASSWORD: 'secret',
        DOLPHIN_NATS_ROUTES: `[${list}]`,
      });
      return listen;
    }),
  );
  const bus = await letsIn(t, ports[0] ?? 0);
  const config = { name: 'three', subjects: ['three'], num_replicas: 3 };
  const made = await eventually(() => jetstream(bus, 'STREAM.CREATE.three', config), {
    what: 'the three keep a stream together',
  });
  assert.equal((made['cluster'] as { replicas: unknown[] }).replicas.length, 2);
});

async function letsIn(t: TestScope, port: number): Promise<NatsConnection> {
  const is = { user: 'admin', pass: 'change-me-admin', reconnect: false };
  const bus = await eventually(() => connect({ servers: `nats://127.0.0.1:${port}`, ...is }), {
    what: `nats-server lets the shipped user in on port ${port}`,
  });
  onCleanup(t, () => bus.close());
  const nobody = connect({ servers: `nats://127.0.0.1:${port}`, reconnect: false });
  await assert.rejects(nobody, /uthorization/);
  return bus;
}
