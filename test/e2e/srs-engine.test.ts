import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { TestFarm } from '../support/farm.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { srsBinary } from '../support/paths.js';

const skip = srsBinary ? false : 'SRS_BIN names no SRS binary';

it('a farm of real SRS edges serves packet for packet through the relay, and a killed one is ready again', {
  skip,
}, async (t) => {
  const engines = { srs: srsBinary ?? '' };
  const [farm, source] = await Promise.all([
    TestFarm.start(t, { edges: 2, engine: 'srs', engines, redis: false }),
    sourcePackets(t),
  ]);
  const edges = await farm.streamEdges();
  assert.deepEqual(
    edges.map((edge) => edge.transport),
    ['relay', 'relay'],
  );
  publishFile(t, farm.rtmpUrl);
  // SRS edges asked for a stream before it is there try again only every 3 s.
  const atOrigin = startRecording(t, farm.originUrl, { seconds: 60 });
  await eventually(() => atOrigin.soFar().video.length > 0, {
    what: 'the stream is at the origin',
  });
  const players = [farm.rtmpUrl, farm.flvUrl].map((url) => startRecording(t, url, { seconds: 12 }));
  for (const player of players) assertContiguousRun(await player.done, source);

  const victim = edges[0];
  assert.ok(victim?.pid);
  process.kill(victim.pid, 'SIGKILL');
  await eventually(
    async () => {
      const edge = (await farm.streamEdges()).find((e) => e.slot === victim.slot);
      return edge?.state === 'ready' && edge.pid !== victim.pid;
    },
    { what: 'a new SRS is ready on the slot' },
  );
});
