import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { isAlive } from '../support/processes.js';
import { connectClient, fakeBinary, startPod, type TestPod } from './pod-support/test-pod.js';

const engines = (dir: string) => [`fake=${fakeBinary(dir)}`, `relayed=${fakeBinary(dir, 'relay')}`];
const SOON = 'drain:\n  stopDeadlineMs: 100\n  batchClients: 2\n  batchEveryMs: 50\n';
const LATE = 'drain:\n  stopDeadlineMs: 600000\n';

/** A connection to a port: open, or refused. */
const accepts = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
const isClosed = (pod: TestPod) =>
  eventually(async () => !(await accepts(pod.rtmp)) && !(await accepts(pod.http)), { what: 'its ports are closed' });

describe('a pod that is asked to stop', () => {
  for (const engine of ['fake', 'relayed']) {
    it(`closes its ports, waits for its clients, and ends when the last one left (${engine})`, async (t) => {
      const pod = await startPod(t, { engines, config: LATE });
      await pod.spawn(2, engine);
      const clients = [await connectClient(t, pod.rtmp), await connectClient(t, pod.rtmp)];
      for (const client of clients) await client.served();
      const children = (await pod.state()).edges.map((edge) => edge.pid ?? 0);
      pod.process().kill('SIGTERM');
      await isClosed(pod);
      await eventually(async () => (await pod.state()).clients === 2, { what: 'both are there, and nobody else' });
      assert.equal((await pod.call('POST', '/v1/edges/stream-0/replace')).status, 409, 'nobody would come to it');
      clients[0]?.socket.write('still here\n');
      await eventually(() => clients[0]?.text().includes('still here'), { what: 'sessions go on' });
      for (const client of clients) client.socket.destroy();
      assert.equal((await pod.process().ends()).code, 0);
      assert.ok(children.every((pid) => !isAlive(pid)));
    });
  }

  it('closes them in batches at the deadline', async (t) => {
    const pod = await startPod(t, { engines, config: SOON });
    await pod.spawn(1, 'fake');
    const clients = await Promise.all(Array.from({ length: 5 }, () => connectClient(t, pod.rtmp)));
    for (const client of clients) await client.served();
    pod.process().kill('SIGTERM');
    await Promise.all(clients.map((client) => client.closed));
    assert.equal((await pod.process().ends()).code, 0);
    assert.match(pod.process().output(), /"closed":5/);
  });

  it('ends at once when it is asked again', async (t) => {
    const pod = await startPod(t, { engines, config: LATE });
    await pod.spawn(1, 'fake');
    const client = await connectClient(t, pod.rtmp);
    await client.served();
    pod.process().kill('SIGTERM');
    await isClosed(pod);
    assert.ok(!client.isClosed());
    pod.process().kill('SIGTERM');
    assert.equal((await pod.process().ends()).code, 0);
    await client.closed;
  });

  it('takes its deadline from the request that asks it', async (t) => {
    const pod = await startPod(t, { engines, config: LATE });
    await pod.spawn(1, 'fake');
    const client = await connectClient(t, pod.rtmp);
    await client.served();
    assert.equal((await pod.call('POST', '/v1/stop?deadlineMs=x')).status, 400);
    assert.equal((await pod.call('POST', '/v1/stop?deadlineMs=0')).status, 202);
    assert.equal((await pod.process().ends()).code, 0);
    await client.closed;
    const patient = await startPod(t, { engines });
    await patient.spawn(1, 'fake');
    const other = await connectClient(t, patient.rtmp);
    await other.served();
    assert.equal((await patient.call('POST', '/v1/stop?deadlineMs=600000')).status, 202);
    await isClosed(patient);
    assert.ok(!other.isClosed());
    other.socket.destroy();
    assert.equal((await patient.process().ends()).code, 0);
  });
});
