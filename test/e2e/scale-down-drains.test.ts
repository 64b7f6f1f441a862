import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { TestFarm } from '../support/farm.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';

it('a farm that shrinks cuts off nobody: edges drain, and are kept when they are wanted again', async (t) => {
  const [farm, source] = await Promise.all([TestFarm.start(t, { edges: 3, redis: false }), sourcePackets(t)]);
  publishFile(t, farm.originUrl);
  const players = [farm.rtmpUrl, farm.flvUrl, farm.rtmpUrl].map((url) => startRecording(t, url, { seconds: 90 }));
  await eventually(() => players.every((player) => player.soFar().video.length > 50), { what: 'all play' });
  const pids = async () => new Map((await farm.streamEdges()).map(({ slot, pid }) => [slot, pid]));
  const before = await pids();

  await farm.apply(1);
  const states = async () =>
    (await farm.podState()).edges.flatMap(({ role, state }) => (role === 'stream' ? state : []));
  await eventually(async () => (await states()).sort().join() === 'draining,draining,ready', { what: 'two drain' });
  await farm.apply(3);
  await farm.ready(3);
  assert.deepEqual(await pids(), before, 'the same processes');

  await farm.apply(1);
  await eventually(async () => (await states()).includes('draining'), { what: 'they drain again' });
  const packets = players.map((player) => player.soFar().video.length);
  await eventually(() => players.every((player, i) => player.soFar().video.length > (packets[i] ?? 0) + 50), {
    what: 'all play on',
  });
  for (const player of players) {
    player.process.kill('SIGINT');
    assertContiguousRun(await player.done, source, { minSeconds: 0 });
  }
  await farm.ready(1);
  const ended = (await farm.events()).filter(({ type }) => type === 'edge-exited');
  assert.deepEqual(
    ended.map(({ data }) => data['asked']),
    [true, true],
  );
});
