import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { fromRoot } from '../support/paths.js';
import { connectClient, readText, startPod } from './pod-support/test-pod.js';

describe('an edge of a pod that somebody ends slowly (SIGQUIT)', () => {
  it('gets no more clients, keeps those that it has, and is started again when it is through', async (t) => {
    const pod = await startPod(t, { engines: () => [`builtin=${fromRoot('bin/dolphin-edge')}`] });
    await pod.spawn(2, 'builtin');
    const edges = async () => {
      const rows = (await pod.state()).edges;
      return [0, 1].map((slot) => rows.find((row) => row.slot === slot));
    };
    const [ends] = await edges();
    process.kill(ends?.pid ?? 0, 'SIGQUIT');
    const log = join(pod.runDir, 'edges', 'stream-0', 'edge.log');
    await eventually(() => existsSync(log) && readText(log).includes('ends slowly'), { what: 'it says so' });

    // It has the fewest, as long as it has none: before its word is heard, it gets the next one.
    await eventually(
      async () => {
        const [before] = await edges();
        const clients = [];
        for (let i = 0; i < 4; i++) clients.push(await connectClient(t, pod.rtmp));
        const [first, other] = await edges();
        const none = first?.clients === before?.clients && (other?.clients ?? 0) >= 4;
        for (const { socket } of clients) socket.destroy();
        return none;
      },
      { what: 'all go to the other edge' },
    );
    await eventually(
      async () => {
        const [first] = await edges();
        return first?.state === 'ready' && first.pid !== ends?.pid;
      },
      { what: 'it is started again' },
    );
    // The new one takes clients as any other: nothing of its forerunner's word is left.
    await eventually(
      async () => {
        const { socket } = await connectClient(t, pod.rtmp);
        const [first] = await edges();
        const took = first?.clients === 1;
        if (!took) socket.destroy();
        return took;
      },
      { what: 'it takes a client' },
    );
    assert.equal((await pod.state()).refused['no-edge'] ?? 0, 0);
  });
});
