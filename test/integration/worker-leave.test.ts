import assert from 'node:assert/strict';
import { request } from 'node:http';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { PodState } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { fromRoot } from '../support/paths.js';
import { freePorts } from '../support/ports.js';
import { isAlive, processesWith, startProcess } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { connectClient, fakeBinary } from './pod-support/test-pod.js';
import { command, FARM_ID, WorkerWorld } from './worker-support/worker-world.js';

/** A worker that was started with --leave, with a real pod and one stream edge that has a client. */
async function leavingHost(t: TestContext) {
  const world = await WorkerWorld.start(t);
  const runDir = await tempDir(t);
  const [rtmp = 0, http = 0, edgeRtmp = 0, edgeHttp = 0, api = 0] = await freePorts(5);
  const args = ['--nats', world.nats.url, '--host', 'h1', '--run-dir', runDir, '--leave'];
  args.push('--rtmp', String(rtmp), '--http', String(http), '--engine', `fake=${fakeBinary(runDir)}`);
  const worker = startProcess(t, fromRoot('bin/dolphin-worker'), args);
  await eventually(async () => (await world.ask()).pod, { what: 'the pod is up' });
  const ports = { rtmp: edgeRtmp, http: edgeHttp, api };
  const spawn = (slot: number, generation = 1) =>
    command({
      body: {
        type: 'spawn',
        edge: { role: 'stream', slot, generation, engine: 'fake', ports, origins: ['127.0.0.1:1'] },
      },
    });
  assert.equal((await world.send(JSON.stringify(spawn(0)))).result, 'accepted');
  await eventually(async () => (await podOf(runDir)).edges[0]?.state === 'ready', { what: 'its edge is ready' });
  const client = await connectClient(t, rtmp);
  await client.served();
  return { world, worker, runDir, client, spawn };
}

function podOf(runDir: string): Promise<PodState> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: join(runDir, 'pod.sock'), path: '/v1/state' }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(PodState.parse(JSON.parse(text))));
    });
    asked.on('error', reject);
    asked.end();
  });
}

it('a host that is told to leave drains, ends its pod, and says last of all, once, that it left', async (t) => {
  const { world, worker, runDir, client, spawn } = await leavingHost(t);
  const { pid } = await podOf(runDir);
  worker.kill('SIGTERM');
  await eventually(async () => (await podOf(runDir)).edges[0]?.state === 'draining', { what: 'its edge drains' });
  const heartbeat = await world.ask();
  assert.equal(heartbeat.leaving, true);
  const refused = await world.send(JSON.stringify(spawn(1)));
  assert.equal(refused.result === 'refused' && refused.code, 'E_HOST_LEAVING');
  assert.equal(client.isClosed(), false, 'its client may stay');
  assert.equal(isAlive(pid), true);

  client.socket.destroy();
  assert.deepEqual(await worker.ends(), { code: 0, signal: null });
  assert.equal(isAlive(pid), false);
  assert.deepEqual(processesWith(runDir), []);
  assert.doesNotMatch(worker.stderr(), /goes on serving/);
  const facts = (await world.facts()).map(({ type }) => type);
  assert.equal(facts.at(-1), 'host-left');
  for (const once of ['host-left', 'edge-drained', 'edge-exited', 'pod-exited']) {
    assert.equal(facts.filter((type) => type === once).length, 1, once);
  }
});

it('told a second time it waits for no client', async (t) => {
  const { world, worker, runDir, client } = await leavingHost(t);
  worker.kill('SIGTERM');
  await eventually(async () => (await podOf(runDir)).edges[0]?.state === 'draining', { what: 'its edge drains' });
  worker.kill('SIGTERM');
  await client.closed;
  assert.deepEqual(await worker.ends(), { code: 0, signal: null });
  assert.equal((await world.facts()).at(-1)?.type, 'host-left');
  assert.deepEqual(processesWith(runDir), []);
});

it('without NATS it leaves all the same, and says that nobody knows', async (t) => {
  const { world, worker, runDir, client } = await leavingHost(t);
  await world.nats.crash();
  client.socket.destroy();
  worker.kill('SIGTERM');
  assert.deepEqual(await worker.ends(), { code: 69, signal: null });
  assert.match(worker.stderr(), /NATS does not answer: the edges and the pod of this host have ended/);
  assert.deepEqual(processesWith(runDir), []);

  // What was not said then is not true of the next life.
  await world.nats.restart();
  const again = startProcess(t, fromRoot('bin/dolphin-worker'), worker.child.spawnargs.slice(1));
  await eventually(async () => (await world.epochs()).length === 2, { what: 'it joins again' });
  await eventually(async () => (await world.facts()).some(({ type }) => type === 'edge-drained'), {
    what: 'what happened then is told now',
  });
  assert.ok((await world.facts()).every(({ type }) => type !== 'host-left'));
  assert.equal((await world.ask()).farmId, FARM_ID);
  assert.equal((await again.stop()).code, 0);
});
