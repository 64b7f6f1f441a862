import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { it } from 'node:test';
import { POD_NAMES_NAME, PodNames, PodState } from '@dolphin/protocol';
import { loadConfig } from '@dolphin/runtime';
import { WorkerConfig } from '@dolphin/worker/config.js';
import { onCleanup, type TestScope } from '../support/cleanup.js';
import { DEADLINE_MS, eventually } from '../support/eventually.js';
import { fromRoot } from '../support/paths.js';
import { freePort } from '../support/ports.js';
import { isAlive, processesWith, run, startProcess } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { FARM_ID, FakePod, WorkerWorld } from './worker-support/worker-world.js';

const OTHER_FARM = '7b1c1f1e-5f0b-4b57-9b53-6a1dd0f4f00f';

function ask(runDir: string, method: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: join(runDir, 'pod.sock'), method, path, timeout: DEADLINE_MS }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(JSON.parse(text || 'null')));
    });
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.end();
  });
}

const podOf = async (runDir: string) => PodState.parse(await ask(runDir, 'GET', '/v1/state'));

/** A run directory for a real pod, which is taken down at the end. */
async function podDir(t: TestScope): Promise<{ runDir: string; args: string[] }> {
  const runDir = await tempDir(t);
  onCleanup(t, async () => {
    const pid = (await podOf(runDir).catch(() => null))?.pid;
    if (pid === undefined) return;
    await ask(runDir, 'POST', '/v1/stop').catch(() => undefined);
    await eventually(() => !isAlive(pid), { what: 'the pod ends' });
  });
  const [nats, rtmp, http] = [await freePort(), await freePort(), await freePort()];
  const args = ['--nats', `nats://127.0.0.1:${nats}`, '--host', 'h1', '--run-dir', runDir];
  return { runDir, args: [...args, '--rtmp', String(rtmp), '--http', String(http)] };
}

it('without NATS it starts a pod, starts a killed one again, and leaves it running when it stops', async (t) => {
  const { runDir, args } = await podDir(t);
  const worker = startProcess(t, fromRoot('bin/dolphin-worker'), args);
  const first = await eventually(() => podOf(runDir), { what: 'a pod is up' });
  await worker.printed(/the pod is up/);

  process.kill(first.pid, 'SIGKILL');
  const start = performance.now();
  const second = await eventually(
    async () => {
      const pod = await podOf(runDir);
      return pod.pid === first.pid ? null : pod;
    },
    { what: 'another pod is up' },
  );
  t.diagnostic(`another pod after ${Math.round(performance.now() - start)} ms`);
  // It knows of the pod only when it has asked it itself.
  await worker.printed(/the pod is up[\s\S]*the pod is up/);

  assert.deepEqual(await worker.stop('SIGTERM'), { code: 0, signal: null });
  assert.match(worker.stderr(), new RegExp(`pid ${second.pid}; to take it down, with its edges: curl --unix-socket`));
  assert.equal((await podOf(runDir)).pid, second.pid);

  const next = startProcess(t, fromRoot('bin/dolphin-worker'), [...args, '--engine', 'second=/opt/second']);
  await next.printed(/adopted a running pod/);
  const names = PodNames.parse(JSON.parse(await readFile(join(runDir, POD_NAMES_NAME), 'utf8')));
  assert.deepEqual(names.engines, { builtin: fromRoot('bin/dolphin-edge'), second: '/opt/second' });
  // One that is not its child is found dead by its socket.
  process.kill(second.pid, 'SIGKILL');
  await eventually(async () => (await podOf(runDir)).pid !== second.pid, {
    what: 'an adopted one is replaced as well',
  });
  const rival = await run(t, fromRoot('bin/dolphin-worker'), args);
  assert.equal(rival.code, 1);
  assert.match(rival.stderr, new RegExp(`a worker in .* runs already, pid ${next.pid}`));
  await next.stop('SIGKILL');
  assert.equal(isAlive((await podOf(runDir)).pid), true, 'nor does its death take the pod with it');
});

it('a log of another farm than the one that it knows is refused', async (t) => {
  const world = await WorkerWorld.start(t);
  const worker = world.startWorker();
  await eventually(async () => (await world.epochs()).length === 1, { what: 'it joined' });
  await worker.stop();
  assert.match(await readFile(join(world.runDir, 'worker.json'), 'utf8'), new RegExp(FARM_ID));

  const other = await WorkerWorld.start(t, { farmId: OTHER_FARM });
  const strange = other.startWorker({ runDir: world.runDir });
  assert.deepEqual(await strange.ends(), { code: 77, signal: null });
  assert.match(strange.stderr(), new RegExp(`this is farm ${FARM_ID}, not ${OTHER_FARM}`));
  assert.deepEqual(await other.epochs(), []);
});

it('a host id is refused while another worker lives under it, and free when that is gone', async (t) => {
  const world = await WorkerWorld.start(t);
  const owner = world.startWorker();
  await eventually(async () => (await world.epochs()).length === 1, { what: 'it joined' });
  const elsewhere = await tempDir(t);
  await FakePod.listen(t, elsewhere);

  const refused = world.startWorker({ runDir: elsewhere });
  assert.deepEqual(await refused.ends(), { code: 73, signal: null });
  assert.match(refused.stderr(), /host id h1 is in use by another worker/);
  assert.deepEqual(await world.epochs(), [1], 'the owner was not disturbed');

  const own = await tempDir(t);
  const [rtmp, http] = [String(await freePort()), String(await freePort())];
  const args = ['--nats', world.nats.url, '--host', 'h1', '--run-dir', own, '--rtmp', rtmp, '--http', http];
  const withPod = startProcess(t, fromRoot('bin/dolphin-worker'), args);
  assert.deepEqual(await withPod.ends(), { code: 73, signal: null });
  await eventually(() => processesWith(own).length === 0, { what: 'the pod that it had started for nobody is gone' });

  await owner.stop('SIGKILL');
  world.startWorker({ runDir: elsewhere });
  await eventually(async () => (await world.epochs()).length === 2, { what: 'the other one joins' });
});

it('wrong flags are usage, wrong values name their field', async (t) => {
  const worker = fromRoot('bin/dolphin-worker');
  const wrong = await run(t, worker, ['--frm', 'x']);
  assert.equal(wrong.code, 64);
  assert.match(wrong.stderr, /usage: \.\/dolphin worker/);
  assert.equal((await run(t, worker, ['--engine', 'nonsense'])).code, 64);
  assert.equal((await run(t, worker, ['--rtmp', 'x'])).code, 78);
  assert.equal((await run(t, worker, ['--private-address', '0.0.0.0'])).code, 78);
  const config = fromRoot('conf/worker.yaml');
  assert.equal((await run(t, worker, ['--config', config, '--rtmp', '0'])).code, 78, 'the file itself is good');
  assert.equal((await run(t, worker, ['--help'])).code, 0);
});

it('conf/worker.yaml parses, and says the defaults', () => {
  const from = (file?: string) => loadConfig({ schema: WorkerConfig, file, envPrefix: 'DOLPHIN_', env: {}, flags: {} });
  assert.deepEqual(from(fromRoot('conf/worker.yaml')), from());
});
