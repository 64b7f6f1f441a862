import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import { onCleanup } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { startNats } from '../support/nats.js';
import { fromRoot } from '../support/paths.js';
import { startRedis } from '../support/redis.js';
import { FakeWorker } from './master-support/fake-worker.js';
import { TestMaster } from './master-support/test-master.js';

async function farm(t: TestContext) {
  const [nats, redis] = await Promise.all([startNats(t), startRedis(t)]);
  const master = await TestMaster.start(t, { nats: nats.url, redis: redis.url });
  const { farmId } = await master.init();
  await FakeWorker.start(t, { nats: nats.url, farmId });
  await master.applied({ perHost: 2 });
  await master.settled(2);
  const client = new Redis(redis.url, { maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  onCleanup(t, () => client.disconnect());
  return { master, redis, client };
}

const READY = 'dolphin:main:edge:h1:stream-1';

test('the view is in Redis: farm, hosts, edges, samples; edges that are gone leave it', async (t) => {
  const { master, client } = await farm(t);
  await eventually(async () => (await client.hget(READY, 'state')) === 'ready', { what: 'the view is written' });
  const { sequence, specVersion } = await master.view();
  const hash = await eventually(
    async () => {
      const found = await client.hgetall('dolphin:main:farm');
      return found['sequence'] === String(sequence) ? found : null;
    },
    { what: 'the newest view is written' },
  );
  assert.equal(hash['specVersion'], String(specVersion));
  assert.equal(hash['term'], '1');
  assert.deepEqual(await client.smembers('dolphin:main:hosts'), ['h1']);
  assert.equal((await client.smembers('dolphin:main:edges')).length, 3);
  assert.equal(await client.hget('dolphin:main:host:h1', 'liveness'), 'up');
  await eventually(async () => (await client.xlen('dolphin:main:stats')) >= 2, { what: 'samples are added' });
  await master.applied({ perHost: 1 });
  await eventually(async () => (await client.exists(READY)) === 0, { what: 'the edge that is gone leaves the view' });
  assert.equal((await client.smembers('dolphin:main:edges')).length, 2);
});

test('flushed, the view is there again; a view of a higher term is not overwritten', async (t) => {
  const { client, master } = await farm(t);
  await eventually(() => client.exists(READY), { what: 'the view is written' });
  await client.flushall();
  await eventually(async () => (await client.hget(READY, 'state')) === 'ready', { what: 'back' });
  await client.hset('dolphin:main:farm', 'term', '9', 'leader', 'another');
  const samples = await client.xlen('dolphin:main:stats');
  await master.process.printed(/a master with a higher term writes to Redis/);
  assert.equal(await client.hget('dolphin:main:farm', 'leader'), 'another');
  assert.equal(await client.xlen('dolphin:main:stats'), samples);
});

test('without Redis the master leads all the same, and writes when it is back', async (t) => {
  const { master, redis, client } = await farm(t);
  await redis.crash();
  await master.applied({ perHost: 3 });
  const view = await master.settled(3);
  assert.equal(view.master.state, 'leader');
  await redis.restart();
  await eventually(async () => (await client.hget('dolphin:main:edge:h1:stream-2', 'state')) === 'ready', {
    what: 'the view is there again',
  });
});

test('docs/reference/redis.md names every key and field that is written', async (t) => {
  const { client } = await farm(t);
  const doc = await readFile(fromRoot('docs/reference/redis.md'), 'utf8');
  await eventually(async () => (await client.hget(READY, 'state')) === 'ready', { what: 'the view is written' });
  for (const key of ['farm', 'host:h1', 'edge:h1:stream-1']) {
    for (const field of Object.keys(await client.hgetall(`dolphin:main:${key}`))) {
      assert.ok(doc.includes(`\`${field}\``), `${key}: ${field}`);
    }
  }
  const [, fields] = await eventually(
    async () => (await client.xrange('dolphin:main:stats', '-', '+', 'COUNT', 1))[0],
    {
      what: 'a sample is added',
    },
  );
  for (const field of fields.filter((_, index) => index % 2 === 0)) {
    assert.ok(doc.includes(`\`${field.replace(':h1:', ':<host>:')}\``), field);
  }
});
