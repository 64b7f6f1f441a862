import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { EventRow } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { TestFarm } from '../support/farm.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';

it('when the worker is killed no player notices, and what happened meanwhile arrives once when it is back', async (t) => {
  const [farm, source] = await Promise.all([TestFarm.start(t, { edges: 4 }), sourcePackets(t)]);
  publishFile(t, farm.rtmpUrl);
  const players = [farm.rtmpUrl, farm.flvUrl].map((url) => startRecording(t, url, { seconds: 14 }));
  await eventually(() => players.every((player) => player.soFar().video.length > 50), {
    what: 'both play',
  });

  await farm.worker.stop('SIGKILL');
  const idle = (await farm.podState()).edges.find((edge) => edge.role === 'stream' && edge.clients === 0);
  assert.ok(idle?.pid, 'two players and a publisher leave one of four edges idle');
  const idlePid = idle.pid;
  process.kill(idlePid, 'SIGKILL');
  const restarted = await eventually(
    async () => {
      const edge = (await farm.podState()).edges.find((e) => e.role === 'stream' && e.slot === idle.slot);
      return edge?.state === 'ready' && edge.pid !== idlePid ? edge : null;
    },
    { what: 'the pod restarts the edge by itself' },
  );
  await eventually(async () => (await farm.view()).hosts[0]?.liveness === 'unmanaged', {
    what: 'the master shows the host as unmanaged: its public port still accepts',
  });

  farm.startWorker();
  await farm.ready(4);
  const told = async (type: string, pid: number | null) =>
    (await farm.events()).filter((event) => event.type === type && event.data['pid'] === pid);
  await eventually(async () => (await told('edge-ready', restarted.pid)).length > 0, { what: 'the facts arrive' });
  const [exited, ...exits] = await told('edge-exited', idlePid);
  const [started, ...starts] = await told('edge-started', restarted.pid);
  const [ready, ...readies] = await told('edge-ready', restarted.pid);
  assert.deepEqual([...exits, ...starts, ...readies], [], 'each arrives once');
  assert.ok(exited && started && ready);
  assert.equal(started.causationId, exited.id, 'the start names the exit as its cause');
  assert.equal(ready.causationId, started.id);
  const { stdout } = await farm.cli('why', farm.host, `stream-${idle.slot}`, '--json');
  const chain = (JSON.parse(stdout) as { events: EventRow[] }).events;
  // What was decided follows from the apply or from the host's joining, whichever was later.
  assert.match(chain[0]?.type ?? '', /^(farm-applied|host-joined)$/);
  assert.deepEqual(
    [chain[1]?.type, ...chain.slice(-3).map(({ id }) => id)],
    ['edge-assigned', exited.id, started.id, ready.id],
    'why follows them back to the decision',
  );

  for (const player of players) assertContiguousRun(await player.done, source, { minSeconds: 13 });
});
