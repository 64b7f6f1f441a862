import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FarmView, subjectsOf } from '@dolphin/protocol';
import { connect } from 'nats';
import { onCleanup } from '../support/cleanup.js';
import { startNats } from '../support/nats.js';
import { freePort } from '../support/ports.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { farmView, hostView } from '../unit/cli/samples.js';
import { cliMain, fakeMaster } from './cli-support/fake-farm.js';
import { FARM_ID, fakeWorker, heartbeat, podState, writeCliFile } from './cli-support/fake-hosts.js';

interface Answer {
  readonly schema: string;
  readonly level: string;
  readonly findings: readonly { check: string; about: string; level: string; what: string; mend: string | null }[];
}

test('doctor sees masters, NATS, the leader and hosts from here, and names what is away; exit 2', async (t) => {
  const [dir, nats] = [await tempDir(t), await startNats(t)];
  const hosts = [hostView({ host: 'h1' }), hostView({ host: 'h2', liveness: 'lost', heardMsAgo: 400_000 })];
  const view = farmView({ farmId: FARM_ID, hosts, edges: [] });
  const master = await fakeMaster(t, {
    'GET /api/v1/farm': () => ({ body: view }),
    'GET /api/v1/events': () => ({ body: { lastSequence: 31, upTo: 1, events: [] } }),
  });
  const nobody = `http://127.0.0.1:${await freePort()}`;
  writeCliFile(dir, { api: [master, nobody], nats: nats.url, runDir: dir });
  const doctor = (...args: string[]) =>
    run(t, process.execPath, [cliMain, '--dir', dir, 'doctor', ...args], { env: { PATH: process.env['PATH'] ?? '' } });
  const one = { ...heartbeat('h1', podState('h1', [])), at: new Date().toISOString() };
  await fakeWorker(t, nats.url, one, null);
  const leader = await connect({ servers: nats.url });
  const announcing = setInterval(
    () => leader.publish(subjectsOf('main').farm, JSON.stringify(FarmView.parse(view))),
    100,
  );
  onCleanup(t, async () => {
    clearInterval(announcing);
    await leader.close();
  });

  const { code, stdout, stderr } = await doctor('--json');
  const { schema, level, findings } = JSON.parse(stdout) as Answer;
  assert.deepEqual([code, stderr, schema, level], [2, '', 'dolphin.doctor/1', 'wrong']);
  const of = (check: string, about: string) =>
    findings.find((one) => one.check === check && one.about === about)?.level;
  assert.equal(of('nats', nats.url), 'ok');
  assert.deepEqual([of('master', master), of('master', nobody)], ['ok', 'advice']);
  assert.deepEqual([of('lease', 'leader'), of('log', 'log')], ['ok', 'ok']);
  assert.deepEqual([of('host', 'h1'), of('host', 'h2')], ['ok', 'wrong']);
  assert.ok(of('clock', 'h1') !== undefined);
  const words = await doctor();
  assert.match(words.stdout, /^wrong {3}host {5}h2: lost, heard 7 min ago by the master\n +-> \.\/dolphin worker/m);
  assert.match(words.stdout, /\n\nsomething is wrong\n$/);
});

test('doctor with nothing there says what to start, and never hangs', async (t) => {
  const dir = await tempDir(t);
  const nats = `nats://127.0.0.1:${await freePort()}`;
  writeCliFile(dir, { api: [`http://127.0.0.1:${await freePort()}`], nats, runDir: dir });
  const { code, stdout } = await run(t, process.execPath, [cliMain, '--dir', dir, 'doctor', '--json']);
  const { findings } = JSON.parse(stdout) as Answer;
  assert.equal(code, 2);
  const wrong = findings.filter(({ level }) => level === 'wrong');
  assert.deepEqual(
    wrong.map(({ check }) => check),
    ['nats', 'master'],
  );
  for (const { mend } of wrong) assert.match(mend ?? '', /\.\/dolphin up/);
});
