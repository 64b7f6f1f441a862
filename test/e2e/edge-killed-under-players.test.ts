import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { TestFarm } from '../support/farm.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';

it('when an edge is killed, players of the others keep contiguous runs and a new edge is ready', async (t) => {
  const [farm, source] = await Promise.all([TestFarm.start(t, { edges: 4 }), sourcePackets(t)]);
  // At the origin: through the public port the publisher would be a client of one of the edges, perhaps the victim.
  publishFile(t, farm.originUrl);
  const urls = [farm.rtmpUrl, farm.flvUrl, farm.rtmpUrl, farm.flvUrl];
  const players = urls.map((url) => startRecording(t, url, { seconds: 14 }));
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

  const received = await Promise.all(players.map((player) => player.done));
  const cut = received.filter((packets) => packets.video.length < 13 * source.videoFps);
  assert.equal(cut.length, victim.clients, 'only the clients of the killed edge were cut');
  for (const packets of received) {
    assertContiguousRun(packets, source, { minSeconds: cut.includes(packets) ? 0 : 13 });
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
