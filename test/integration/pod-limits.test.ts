import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { PodLimits } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { whenEnded } from './pod-support/sessions.js';
import { connectClient, fakeBinary, startPod, type TestPod } from './pod-support/test-pod.js';

const engines = (dir: string) => [`fake=${fakeBinary(dir)}`];
const REQUEST = 'GET /live/a.flv HTTP/1.1\r\nHost: a\r\n\r\n';
const put = (pod: TestPod, limits: Partial<PodLimits>, query = '') => pod.call('PUT', `/v1/limits${query}`, limits);

async function refusedOver(t: TestContext, pod: TestPod) {
  const rtmp = await connectClient(t, pod.rtmp);
  await rtmp.closed;
  assert.equal(rtmp.text(), '', 'RTMP is closed without a word');
  const http = await connectClient(t, pod.http, REQUEST);
  await http.closed;
  const [head = '', body = '{}'] = http.text().split('\r\n\r\n');
  const status = Number(head.split(' ')[1]);
  const { code } = (JSON.parse(body) as { error: { code: string } }).error;
  return { status, code, retryAfter: /retry-after: (\d+)/i.exec(head)?.[1] ?? null };
}

describe('limits', () => {
  it('refuse with the right words: in total, per edge, per address, by rate, by rule', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(2, 'fake');
    const clients = [await connectClient(t, pod.rtmp), await connectClient(t, pod.http)];
    for (const client of clients) await client.served();
    const limited = { status: 503, code: 'E_LIMITED' };
    await put(pod, { clients: 2 });
    assert.deepEqual(await refusedOver(t, pod), { ...limited, retryAfter: '5' });
    await put(pod, { clientsPerAddress: 2 });
    assert.deepEqual(await refusedOver(t, pod), { ...limited, retryAfter: '5' });
    await put(pod, { clientsPerEdge: 1 });
    assert.deepEqual(await refusedOver(t, pod), { ...limited, retryAfter: '5' });
    await put(pod, { access: ['allow 192.0.2.1', 'deny 127.0.0.0/8'] });
    assert.deepEqual(await refusedOver(t, pod), { status: 403, code: 'E_DENIED', retryAfter: null });
    for (const name of ['accepts', 'acceptsPerAddress']) {
      await put(pod, { [name]: { perS: 0.01, burst: 1 } });
      await (await connectClient(t, pod.rtmp)).served();
      assert.deepEqual(await refusedOver(t, pod), { ...limited, retryAfter: '1' });
    }
    assert.deepEqual((await pod.state()).refused, {
      ...{ 'limit-clients': 2, 'limit-address': 2, 'edges-full': 2, denied: 2 },
      ...{ 'limit-rate': 2, 'limit-address-rate': 2 },
    });
    await pod.call('DELETE', '/v1/limits');
    await (await connectClient(t, pod.rtmp)).served();
    assert.ok(
      clients.every((client) => !client.isClosed()),
      'who was in stays in',
    );
  });

  it('are freed by those who leave', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(1, 'fake');
    await put(pod, { clientsPerAddress: 3 });
    for (let round = 0; round < 5; round++) {
      const clients = await Promise.all(Array.from({ length: 3 }, () => connectClient(t, pod.rtmp)));
      await Promise.all(clients.map((client) => client.served()));
      for (const client of clients) client.socket.destroy();
      await eventually(async () => (await pod.state()).clients === 0, { what: 'all have left' });
    }
    assert.deepEqual((await pod.state()).refused, {});
  });

  it('that were set while it ran outlast a kill -9, and are taken back', async (t) => {
    const pod = await startPod(t, { engines });
    const none = (await pod.call('GET', '/v1/limits')).body;
    assert.deepEqual((none as { from: string }).from, 'configuration');
    const set = await put(pod, { clients: 7, access: ['deny 10.0.0.0/8'] });
    assert.equal(set.status, 200);
    await pod.process().stop('SIGKILL');
    await pod.start();
    const kept = await pod.call('GET', '/v1/limits');
    assert.deepEqual(kept.body, set.body);
    assert.deepEqual((kept.body as { from: string }).from, 'file');
    assert.deepEqual((await pod.call('DELETE', '/v1/limits')).body, none);
    await pod.process().stop('SIGKILL');
    // Garbage is put aside, and the configuration holds.
    writeFileSync(join(pod.runDir, 'limits.json'), '{"clients": -1}');
    await pod.start();
    assert.deepEqual((await pod.call('GET', '/v1/limits')).body, none);
  });

  it('that cannot be read are refused with their field, and change nothing', async (t) => {
    const pod = await startPod(t, { engines });
    const before = (await put(pod, { clients: 7 })).body;
    const wrong: [object | string, RegExp][] = [
      [{ clients: -1 }, /clients: /],
      [{ access: ['deny 10.0.0.0/8', 'deny 10.0.0.1/8'] }, /access\.1: /],
      [{ accepts: { perS: 1 } }, /accepts\.burst: /],
      [{ colour: 'red' }, /colour/],
      ['{', /not JSON/],
    ];
    for (const [body, why] of wrong) {
      const answer = await pod.call('PUT', '/v1/limits', body);
      const { code, message } = (answer.body as { error: { code: string; message: string } }).error;
      assert.deepEqual([answer.status, code], [400, 'E_BAD_REQUEST']);
      assert.match(message, why);
    }
    assert.equal((await pod.call('PUT', '/v1/limits?close=maybe', {})).status, 400);
    assert.deepEqual((await pod.call('GET', '/v1/limits')).body, before);
  });

  it('close sessions of a denied address only when that is asked for', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(1, 'fake');
    const clients = await Promise.all(Array.from({ length: 3 }, () => connectClient(t, pod.rtmp)));
    await Promise.all(clients.map((client) => client.served()));
    await put(pod, { access: ['deny 127.0.0.1'] });
    const echo = clients[0];
    echo?.socket.write('still here\n');
    await eventually(() => echo?.text().includes('still here'), { what: 'they stay' });
    await put(pod, { access: ['deny 192.0.2.0/24'] }, '?close=true');
    assert.equal((await pod.state()).clients, 3);
    await put(pod, { access: ['deny 127.0.0.1'] }, '?close=true');
    await Promise.all(clients.map((client) => client.closed));
    assert.ok((await whenEnded(pod, 3)).every(({ end }) => end === 'limit'));
  });

  it('keep a burst of refused clients from the others, and from the log', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(1, 'fake');
    const player = await connectClient(t, pod.rtmp);
    await player.served();
    await put(pod, { clients: 2 });
    const good = await connectClient(t, pod.rtmp);
    await good.served();
    for (let round = 0; round < 4; round++) {
      const burst = await Promise.all(
        Array.from({ length: 250 }, (_, i) => connectClient(t, i % 2 ? pod.rtmp : pod.http, REQUEST)),
      );
      await Promise.all(burst.map((client) => client.closed));
    }
    player.socket.write('ping\n');
    await eventually(() => player.text().includes('ping'), { what: 'the player is served' });
    assert.equal((await pod.state()).refused['limit-clients'], 1000);
    const line = await pod.process().printed(/clients were refused/, 20_000);
    assert.ok(line !== null);
    assert.ok(
      (
        pod
          .process()
          .output()
          .match(/clients were refused/g) ?? []
      ).length <= 5,
    );
    good.socket.destroy();
    await eventually(async () => (await pod.state()).clients === 1, { what: 'one has left' });
    await (await connectClient(t, pod.rtmp)).served();
  });
});
