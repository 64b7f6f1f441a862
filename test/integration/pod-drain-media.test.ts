import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { fromRoot } from '../support/paths.js';
import { freePort } from '../support/ports.js';
import { startProcess } from '../support/processes.js';
import { startPod } from './pod-support/test-pod.js';

describe('players of real streams', () => {
  for (const mode of ['auto', 'relay']) {
    it(`get every packet while an edge drains: theirs, and another (${mode})`, async (t) => {
      const pod = await startPod(t, { engines: () => [], mode });
      const origin = await freePort();
      const originConf = join(pod.dir, 'origin.conf');
      writeFileSync(originConf, `listen 127.0.0.1:${origin}; vhost __defaultVhost__ { }\n`);
      const server = startProcess(t, fromRoot('bin/dolphin-edge'), ['-c', originConf]);
      await server.printed(/ready/);
      const source = await sourcePackets(t);
      publishFile(t, `rtmp://127.0.0.1:${origin}/live/a`);
      for (const slot of [0, 1]) {
        const edge = await pod.edge(slot, { engine: 'builtin', origins: [`127.0.0.1:${origin}`] });
        await pod.command({ type: 'spawn', edge });
      }
      const rows = async () => (await pod.state()).edges;
      const inAll = (wanted: string) => async () =>
        JSON.stringify((await rows()).map((edge) => [edge.state, edge.clients])) === wanted;
      await eventually(inAll('[["ready",0],["ready",0]]'), { what: 'both are ready', deadlineMs: 20_000 });
      const urls = [`rtmp://127.0.0.1:${pod.rtmp}/live/a`, `http://127.0.0.1:${pod.http}/live/a.flv`];
      const players = urls.map((url) => startRecording(t, url, { seconds: 8 }));
      await eventually(inAll('[["ready",1],["ready",1]]'), { what: 'one player is on each', deadlineMs: 20_000 });
      await eventually(() => players.every((player) => player.soFar().video.length > 10), {
        what: 'both play',
        deadlineMs: 20_000,
      });
      await pod.command({ type: 'drain', role: 'stream', slot: 0, generation: 1, deadlineMs: 600_000 });
      assert.equal((await rows())[0]?.state, 'draining');
      for (const player of players) assertContiguousRun(await player.done, source, { minSeconds: 6 });
      await eventually(async () => (await rows()).length === 1, { what: 'the drained edge is gone' });
      const drained = (await pod.facts()).find((fact) => fact.type === 'edge-drained');
      assert.ok(drained?.type === 'edge-drained' && drained.why === 'empty');
    });
  }
});
