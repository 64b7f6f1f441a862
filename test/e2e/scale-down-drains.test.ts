import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { TestFarm } from '../support/farm.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';

it('a farm goes from 2 to 12 edges and down to 4 under players, and cuts off nobody: edges drain, or are kept', async (t) => {
  const [farm, source] = await Promise.all([TestFarm.start(t, { edges: 2, redis: false }), sourcePackets(t)]);
  publishFile(t, farm.originUrl);
  const play = async (count: number) => {
    const more = Array.from({ length: count }, (_, i) =>
      startRecording(t, i % 2 ? farm.flvUrl : farm.rtmpUrl, { seconds: 300 }),
    );
    await eventually(() => more.every((player) => player.soFar().video.length > 50), { what: 'all play' });
    return more;
  };
  const players = await play(2);
  await farm.apply(12);
  await farm.ready(12);
  // As many as there are edges without one: each goes where the fewest are.
  players.push(...(await play(10)));
  const edges = async () => (await farm.podState()).edges.filter(({ role }) => role === 'stream');
  await eventually(async () => (await edges()).every(({ clients }) => clients === 1), {
    what: 'each edge has a player',
  });
  const pids = async () => new Map((await edges()).map(({ slot, pid }) => [slot, pid]));
  const before = await pids();

  await farm.apply(4);
  const inState = async (wanted: string) => (await edges()).filter(({ state }) => state === wanted).length;
  await eventually(async () => (await inState('draining')) === 8 && (await inState('ready')) === 4, {
    what: 'eight drain',
  });
  await farm.apply(6);
  await eventually(async () => (await inState('ready')) === 6, { what: 'two are wanted again' });
  assert.deepEqual(await pids(), before, 'those that are wanted again are the same processes');

  await farm.apply(4);
  await eventually(async () => (await inState('draining')) === 8, { what: 'they drain again' });
  const packets = players.map((player) => player.soFar().video.length);
  await eventually(() => players.every((player, i) => player.soFar().video.length > (packets[i] ?? 0) + 50), {
    what: 'all play on',
  });
  for (const player of players) player.process.kill('SIGINT');
  for (const player of players) assertContiguousRun(await player.done, source, { minSeconds: 0 });
  await farm.ready(4);
  // On a machine that hardly moves an edge may be too late to begin with, and be started again: nobody was on it.
  const ended = async () =>
    (await farm.events()).filter(({ type, data }) => type === 'edge-exited' && data['wasReady'] === true);
  await eventually(async () => (await ended()).length >= 8, { what: 'eight ended' });
  assert.deepEqual(
    (await ended()).map(({ data }) => data['asked']),
    Array(8).fill(true),
  );
});
