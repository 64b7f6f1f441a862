import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { assertContiguousRun, looped, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { NetFarm } from '../support/net-farm.js';
import { noMachines } from '../support/netns.js';

test('three hosts serve one farm; one that is cut off is replaced, comes back, and leaves', {
  skip: noMachines(),
}, async (t) => {
  const farm = await NetFarm.start(t, ['h1', 'h2', 'h3']);
  const refused = await farm.tryApply({ total: 6 }, '127.0.0.1:1935');
  assert.equal(refused.status, 409);
  assert.match(refused.text, /E_ORIGIN_LOOPBACK.* host h[123] is at /);
  await farm.apply({ total: 6 });
  await farm.ready({ h1: 2, h2: 2, h3: 2 });

  // It gives each edge a second to answer, and a busy machine takes longer now and then.
  const status = await eventually(
    async () => {
      const said = JSON.parse((await farm.cli('status', '--json')).stdout);
      assert.equal(said.level, 'serving', JSON.stringify(said.problems));
      return said;
    },
    { what: 'status finds nothing wrong' },
  );
  for (const edge of status.edges) {
    assert.equal(new URL(edge.api).hostname, farm.host(edge.host).address);
    assert.notEqual(edge.answeredMs, null, `${edge.host} ${edge.name} answers at its private address`);
  }

  publishFile(t, farm.originUrl, { loop: true });
  const source = looped(await sourcePackets(t), 2);
  const both = [farm.rtmpUrl('h1'), farm.flvUrl('h2')].map((url) => startRecording(t, url, { seconds: 5 }));
  for (const player of both) assertContiguousRun(await player.done, source, { minSeconds: 3 });

  // Its pod and its edges go on: only nobody hears of them.
  const viewer = startRecording(t, farm.flvUrl('h1'), { seconds: 10 });
  await eventually(() => viewer.soFar().video.length > 0, { what: 'somebody plays from the other host' });
  await farm.host('h2').link('down');
  await eventually(async () => (await farm.events('host-lost')).length > 0, { what: 'it counts as lost' });
  await eventually(
    async () => (await farm.view()).edges.filter((e) => e.host !== 'h2' && e.state === 'ready').length === 8,
    { what: 'its share is ready elsewhere' },
  );
  assertContiguousRun(await viewer.done, source, { minSeconds: 8 });

  await farm.host('h2').link('up');
  await eventually(async () => (await farm.events('host-returned')).length > 0, { what: 'it is back' });
  const view = await eventually(
    async () => {
      const now = await farm.view();
      return now.settled && now.totals.ready === 6 && now.totals.hostsUp === 3 ? now : null;
    },
    { what: 'what is too much has gone' },
  );
  assert.equal(view.edges.filter(({ role }) => role === 'stream').length, 6);

  farm.leave('h2');
  const left = await eventually(
    async () => {
      const now = await farm.view();
      return now.settled && now.hosts.length === 2 ? now : null;
    },
    { what: 'it has left' },
  );
  assert.deepEqual([left.hosts.map(({ host }) => host), left.totals.ready], [['h1', 'h3'], 6]);
  assert.equal((await farm.events('host-left')).length, 1);
  const last = await startRecording(t, farm.rtmpUrl('h1'), { seconds: 3 }).done;
  assertContiguousRun(last, source, { minSeconds: 2 });
});
