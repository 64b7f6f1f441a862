import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { SrsApi } from '@dolphin/srs';
import { DEADLINE_MS, eventually } from '../support/eventually.js';
import { publishFile, startRecording } from '../support/media.js';
import { fromRoot } from '../support/paths.js';
import { freePort } from '../support/ports.js';
import { run, startProcess } from '../support/processes.js';
import { startPod } from './pod-support/test-pod.js';

const ADDRESS = '127.0.0.3';

/** Another host's edge, on the same port of another address. */
async function occupy(t: TestContext, port: number): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.after(() => server.close());
}

const answersAt = async (address: string, port: number) =>
  new SrsApi(`http://${address}:${port}`, { timeoutMs: DEADLINE_MS }).versions().then(
    () => true,
    () => false,
  );

describe('the edges of a pod with a private address', () => {
  for (const mode of ['auto', 'relay']) {
    it(`listen there, pull from the back source there, and serve (${mode})`, async (t) => {
      const pod = await startPod(t, { engines: () => [], mode, args: ['--private-address', ADDRESS] });
      const origin = await freePort();
      const originConf = join(pod.dir, 'origin.conf');
      writeFileSync(originConf, `listen 127.0.0.1:${origin}; vhost __defaultVhost__ { }\n`);
      await startProcess(t, fromRoot('bin/dolphin-edge'), ['-c', originConf]).printed(/ready/);
      publishFile(t, `rtmp://127.0.0.1:${origin}/live/a`);
      const back = { rtmp: await freePort(), api: await freePort() };
      const source = await pod.edge(0, { role: 'back-source', engine: 'builtin', ports: back });
      const edge = await pod.edge(0, { engine: 'builtin', origins: [`127.0.0.1:${back.rtmp}`] });
      const { rtmp, http = 0, api } = edge.ports;
      for (const port of [rtmp, http, api, back.rtmp, back.api]) await occupy(t, port);

      // A leader says 127.0.0.1 for the back source, wherever it listens. It may be told of the stream edge first.
      await pod.command({ type: 'spawn', edge });
      await pod.command({ type: 'spawn', edge: { ...source, origins: [`127.0.0.1:${origin}`] } });
      await eventually(async () => (await pod.state()).edges.filter(({ state }) => state === 'ready').length === 2, {
        what: 'both are ready',
      });
      const { edges } = await pod.state();
      assert.deepEqual(
        edges.map(({ privateAddress }) => privateAddress),
        [ADDRESS, ADDRESS],
      );
      assert.equal(await answersAt(ADDRESS, api), true);
      assert.equal(await answersAt('127.0.0.1', api), false, 'that is the other one');
      const played = await startRecording(t, `http://127.0.0.1:${pod.http}/live/a.flv`, { seconds: 2 }).done;
      assert.ok(played.video.length > 25, played.stderr);
    });
  }

  it('cannot be given all addresses, nor a name', async (t) => {
    for (const address of ['0.0.0.0', '::', 'localhost']) {
      const refused = await run(t, fromRoot('bin/dolphin-pod'), [
        ...['--run-dir', '/nonexistent', '--host', 'h1', '--private-address', address],
      ]);
      assert.equal(refused.code, 64, address);
      assert.match(refused.stderr, /wants an IPv4 address of this host/);
    }
  });
});
