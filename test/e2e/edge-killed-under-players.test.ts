import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { TestFarm } from '../support/farm.js';
import { assertContiguousRun, publishFile, type Recording, sourcePackets, startRecording } from '../support/media.js';

it('when an edge is killed, players of the others keep contiguous runs and a new edge is ready', async (t) => {
  const [farm, source] = await Promise.all([TestFarm.start(t, { edges: 4 }), sourcePackets(t)]);
  // At the origin: through the public port the publisher would be a client of one of the edges, perhaps the victim.
  publishFile(t, farm.originUrl);
  const urls = [farm.rtmpUrl, farm.flvUrl, farm.rtmpUrl, farm.flvUrl];
  // Longer than the source: they play until they are told to stop, however long the machine takes for what follows.
  const players = urls.map((url) => startRecording(t, url, { seconds: 90 }));
  const playing = () => players.every((player) => player.soFar().video.length > 50);
  await eventually(playing, { what: 'all four play' });

  const victim = await eventually(
    async () =>
      (await farm.podState()).edges.find((edge) => edge.role === 'stream' && edge.slot === 2 && edge.clients > 0),
    { what: 'an edge with a client' },
  );
  assert.ok(victim.pid);
  process.kill(victim.pid, 'SIGKILL');

  const again = await eventually(
    async () => {
      const edge = (await farm.podState()).edges.find((e) => e.role === 'stream' && e.slot === victim.slot);
      return edge && edge.pid !== victim.pid && edge.state === 'ready' ? edge : null;
    },
    { what: 'a new process is ready on the slot' },
  );
  assert.equal(again.generation, victim.generation, 'a restart is the same generation');

  const isCut = ({ process }: Recording) => process.child.exitCode !== null;
  await eventually(() => players.filter(isCut).length >= victim.clients, { what: 'its clients are cut' });
  const packetsNow = (player: Recording) => player.soFar().video.length;
  const restartedAt = players.map(packetsNow);
  const playsOn = (player: Recording, i: number) =>
    packetsNow(player) > Math.max(13, 5 + (restartedAt[i] ?? 0) / source.videoFps) * source.videoFps;
  await eventually(() => players.every((player, i) => isCut(player) || playsOn(player, i)), { what: 'others play on' });
  assert.equal(players.filter(isCut).length, victim.clients, 'only the clients of the killed edge were cut');
  for (const player of players) {
    const minSeconds = isCut(player) ? 0 : 13;
    player.process.kill('SIGINT');
    assertContiguousRun(await player.done, source, { minSeconds });
  }

  const facts = await eventually(
    async () => {
      const events = await farm.events();
      const exited = events.find((event) => event.type === 'edge-exited' && event.data['pid'] === victim.pid);
      const started = events.find((event) => event.type === 'edge-started' && event.data['pid'] === again.pid);
      return exited && started ? { exited, started } : null;
    },
    { what: 'the log says what happened' },
  );
  assert.equal(facts.exited.data['asked'], false);
  assert.equal(facts.exited.data['signal'], 'SIGKILL');
  assert.equal(facts.started.causationId, facts.exited.id, 'the start names the exit as its cause');
});
