import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { connectServed, fakeBinary, startPod, type TestPod } from './pod-support/test-pod.js';

const engines = (dir: string) => [`fake=${fakeBinary(dir)}`];
const states = async (pod: TestPod) => (await pod.state()).edges.map((edge) => `${edge.generation} ${edge.state}`);
const showing = (pod: TestPod, wanted: string[]) =>
  eventually(async () => JSON.stringify(await states(pod)) === JSON.stringify(wanted), { what: wanted.join(', ') });
const restart = (drainMs: number) => ({ type: 'restart', role: 'stream', slot: 0, generation: 2, drainMs }) as const;

describe('a restart', () => {
  it('drains the edge first, and starts it on the same ports under its new generation, also when it is sent twice', async (t) => {
    const pod = await startPod(t, { engines });
    const [edge] = await pod.spawn(1, 'fake');
    const client = await connectServed(t, pod.rtmp);
    const sequence = 100;
    assert.deepEqual(await pod.command(restart(600_000), { sequence }), { result: 'accepted', already: false });
    await showing(pod, ['1 draining']);
    assert.deepEqual(await pod.command(restart(600_000), { sequence }), { result: 'accepted', already: true });
    assert.equal(client.isClosed(), false);
    client.socket.destroy();
    await showing(pod, ['2 ready']);
    assert.deepEqual((await pod.state()).edges[0]?.ports, edge?.ports);
    await connectServed(t, pod.rtmp);
    const facts = (await pod.facts()).map(({ type }) => type);
    assert.equal(facts.filter((type) => type === 'edge-started').length, 2);
  });

  it('without a deadline stops it, and a pod that dies meanwhile starts the new generation', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(1, 'fake');
    const client = await connectServed(t, pod.rtmp);
    await pod.command(restart(0));
    await client.closed;
    await pod.process().stop('SIGKILL');
    await pod.start();
    await showing(pod, ['2 ready']);
  });
});
