import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { CLI_POLL_MS, TestFarm } from '../support/farm.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';

it('while NATS is away players go on, a dead edge is restarted, apply fails with a code, all heals on return, and also without its data', async (t) => {
  const [farm, source] = await Promise.all([TestFarm.start(t, { edges: 4 }), sourcePackets(t)]);
  publishFile(t, farm.rtmpUrl);
  const player = startRecording(t, farm.rtmpUrl, { seconds: 14 });
  await eventually(() => player.soFar().video.length > 25, { what: 'it plays' });

  await farm.nats.crash();
  const idle = (await farm.podState()).edges.find((edge) => edge.role === 'stream' && edge.clients === 0);
  assert.ok(idle?.pid);
  const idlePid = idle.pid;
  process.kill(idlePid, 'SIGKILL');
  await eventually(
    async () => {
      const edge = (await farm.podState()).edges.find((e) => e.role === 'stream' && e.slot === idle.slot);
      return edge?.state === 'ready' && edge.pid !== idlePid;
    },
    { what: 'the edge is restarted without NATS' },
  );
  const newcomer = startRecording(t, farm.flvUrl, { seconds: 10 });

  const { status, body } = await farm.request('POST', '/api/v1/apply', { spec: farm.spec(5), who: 'test' });
  assert.equal(status, 503);
  assert.equal((body as { error: { code: string } }).error.code, 'E_BUS_UNAVAILABLE');
  await eventually(
    async () => {
      const { code, stdout, stderr } = await farm.cli('status');
      assert.equal(code, 0, `${stdout}${stderr}`);
      return true;
    },
    { what: 'status still answers, and all is well', pollMs: CLI_POLL_MS },
  );

  await farm.nats.restart();
  await eventually(async () => (await farm.view()).connected, { what: 'the master is connected again' });
  await eventually(
    async () => (await farm.request('POST', '/api/v1/apply', { spec: farm.spec(5), who: 'test' })).status === 200,
    { what: 'apply works again' },
  );
  await farm.ready(5);
  const exits = await eventually(
    async () => {
      const found = (await farm.events()).filter(({ type, data }) => type === 'edge-exited' && data['pid'] === idlePid);
      return found.length > 0 && found;
    },
    { what: 'what happened meanwhile is in the log' },
  );
  assert.equal(exits.length, 1, 'once');
  assertContiguousRun(await player.done, source, { minSeconds: 13 });
  assertContiguousRun(await newcomer.done, source, { minSeconds: 9 });

  const running = async () =>
    (await farm.podState()).edges.map(({ role, slot, generation, pid }) => ({ role, slot, generation, pid }));
  const before = await running();
  await farm.nats.crash();
  await rm(join(farm.nats.storeDir, 'jetstream'), { recursive: true });
  await farm.nats.restart();
  await eventually(
    async () => {
      const { code, stdout, stderr } = await farm.cli('init', '--adopt-running');
      assert.equal(code, 0, `${stdout}${stderr}`);
      return true;
    },
    { what: 'a log is begun for what runs', pollMs: CLI_POLL_MS },
  );
  await eventually(
    async () => {
      const { edges } = await farm.view();
      return edges.length === before.length && edges.every(({ state }) => state === 'ready');
    },
    { what: 'what runs belongs to the farm again' },
  );
  await eventually(
    async () => (await farm.request('POST', '/api/v1/apply', { spec: farm.spec(5), who: 'test' })).status === 200,
    { what: 'the specification is applied again' },
  );
  await farm.ready(5);
  await eventually(async () => (await farm.view()).settled, { what: 'nothing is left to be done' });
  assert.deepEqual(await running(), before, 'no edge was touched');
});
