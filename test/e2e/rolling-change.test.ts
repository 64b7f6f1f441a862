import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { TestFarm } from '../support/farm.js';
import { assertContiguousRun, looped, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { fromRoot } from '../support/paths.js';
import { freePortRange } from '../support/ports.js';

/** Longer than this test may take, on a slow machine as well. */
const SECONDS = 240;

it('a farm is changed under players: who is not on the edge in hand sees nothing, who is sees no gap on other ports', async (t) => {
  const engines = { second: fromRoot('bin/dolphin-edge') };
  const [farm, once] = await Promise.all([TestFarm.start(t, { edges: 2, engines, redis: false }), sourcePackets(t)]);
  const source = looped(once, 20);
  publishFile(t, farm.originUrl, { loop: true });
  const record = () => [farm.rtmpUrl, farm.flvUrl].map((url) => startRecording(t, url, { seconds: SECONDS }));
  const packets = (player: ReturnType<typeof startRecording>) => player.soFar().video.length;
  const playing = (players: ReturnType<typeof record>, what: string) => {
    const before = players.map(packets);
    return eventually(() => players.every((player, i) => packets(player) > (before[i] ?? 0) + 50), { what });
  };
  const isStream = ({ role }: { role: string }) => role === 'stream';
  const rows = async () => (await farm.podState()).edges.filter(isStream);

  // On the ports that it has: each edge waits for its player a moment, then closes it.
  const players = record();
  await playing(players, 'both play');
  assert.deepEqual(
    (await rows()).map(({ clients }) => clients),
    [1, 1],
  );
  const update = { minHealthyMs: 1_000 };
  const second = { ...farm.spec(2), engine: 'second', drainDeadlineMs: 1_500, update };
  await farm.applySpec(second);
  await eventually(
    async () => {
      const now = await rows();
      return now.some(({ engine, state }) => engine === 'second' && state === 'ready');
    },
    { what: 'the first edge is changed' },
  );
  const view = await farm.until(
    'all edges are changed',
    ({ settled, update: seen }) => settled && seen?.state === 'finished',
  );
  assert.deepEqual(
    view.edges.map(({ engine, generation }) => [engine, generation]),
    [
      ['second', 2],
      ['second', 2],
      ['second', 2],
    ],
  );
  for (const [i, { done }] of players.entries()) {
    assertContiguousRun(await done, source, { minSeconds: 0, what: `player ${i}` });
  }
  const order = (await farm.events()).filter(({ type }) => type === 'update-step').length;
  assert.equal(order, 3, 'edge by edge, then the back source');

  // On ports of its own: the new one beside the old one, which keeps its player.
  const stayers = record();
  await playing(stayers, 'both play from the changed edges');
  const [streamRtmp, streamHttp, streamApi] = [await freePortRange(2), await freePortRange(2), await freePortRange(2)];
  await farm.applySpec({ ...second, ports: { ...farm.ports, streamRtmp, streamHttp, streamApi } });
  await farm.until('all edges have moved', ({ edges, update: seen }) => {
    const moved = edges.filter(
      ({ state, ports }) => state === 'ready' && ports.rtmp >= streamRtmp && ports.rtmp < streamRtmp + 2,
    );
    return moved.length === 2 && seen?.state === 'finished';
  });
  await playing(stayers, 'both play on');
  assert.equal((await rows()).filter(({ state, clients }) => state === 'draining' && clients === 1).length, 2);
  for (const player of stayers) {
    player.process.kill('SIGINT');
    assertContiguousRun(await player.done, source, { minSeconds: 1, what: 'who was there' });
  }
  await farm.until('the old ones are gone', ({ edges }) => edges.filter(isStream).length === 2);
});
