import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { cp, rm } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import { createLog, type FollowItem, JetStreamLogStore } from '@dolphin/eventlog';
import { subjectsOf } from '@dolphin/protocol';
import { operatorEnvelope, whoOf } from '../contracts/log-store-contract.js';
import { eventually } from '../support/eventually.js';
import { startNatsWithFaultyWay } from '../support/faulty-way.js';
import { tempDir } from '../support/temp-dir.js';

const farm = 'main';
const subjects = subjectsOf(farm);

async function setUp(t: TestContext) {
  const { nats, proxy, connect } = await startNatsWithFaultyWay(t);
  const direct = await connect(nats.port, 'writer');
  const reader = await JetStreamLogStore.open(await connect(proxy.port, 'reader'), farm);
  const writer = await JetStreamLogStore.open(direct, farm);
  let last = 0;
  const append = async (who: string) => {
    const guard = { expectedLast: last, messageId: randomUUID() };
    const envelope = operatorEnvelope(farm, who);
    const outcome = await eventually(() => writer.append(subjects.logOperator, envelope, guard), {
      what: 'NATS is up',
    });
    assert.ok(outcome.outcome === 'appended', JSON.stringify(outcome));
    last = outcome.sequence;
  };
  const abort = new AbortController();
  t.after(() => abort.abort());
  const items: FollowItem[] = [];
  const seen = () => items.map(whoOf).join('');
  const follow = (after = 0) => {
    const run = async () => {
      for await (const item of reader.follow({ after, signal: abort.signal })) items.push(item);
    };
    return run();
  };
  const goBackTo = (sequence: number) => {
    last = sequence;
  };
  const create = () => createLog(direct, farm, { maxBytes: 64 * 1024 * 1024 });
  return { nats, proxy, direct, append, follow, seen, items, abort, goBackTo, create };
}

describe('following the log', () => {
  it('waits for a log that is not there yet', async (t) => {
    const { create, append, follow, seen, abort } = await setUp(t);
    const following = follow();
    await create();
    await append('a');
    await eventually(() => seen() === 'a', { what: 'the first entry is seen' });
    abort.abort();
    await following;
  });

  it('goes on after the server was killed and started again', async (t) => {
    const { nats, create, append, follow, seen, abort } = await setUp(t);
    await create();
    await append('a');
    const following = follow();
    await eventually(() => seen() === 'a', { what: 'a is seen' });
    await nats.crash();
    await nats.restart();
    await append('b');
    await eventually(() => seen() === 'ab', { what: 'b is seen' });
    abort.abort();
    await following;
  });

  it('sees each entry once and in order while its connection is cut again and again', async (t) => {
    const { proxy, create, append, follow, seen } = await setUp(t);
    await create();
    void follow();
    const names = [...'abcdefghijklmnopqrst'];
    for (const [index, name] of names.entries()) {
      // Held first: so that deliveries are under way, and lost with the connection.
      if (index % 5 === 2) proxy.holdServer();
      await append(name);
      if (index % 5 === 4) proxy.cut();
    }
    await eventually(() => seen() === names.join(''), { what: 'all are seen' });
  });

  it('notices a delivery that got lost although no other entry follows', async (t) => {
    const { proxy, create, append, follow, seen } = await setUp(t);
    await create();
    await append('a');
    void follow();
    await eventually(() => seen() === 'a', { what: 'a is seen' });
    proxy.holdServer();
    await append('b');
    await eventually(() => proxy.heldChunks > 0, { what: 'b is on its way' });
    proxy.cut();
    await eventually(() => seen() === 'ab', { what: 'b is seen' });
  });

  it('says rewound when the store came back without its tail, and skips nothing of the new one', async (t) => {
    const { nats, create, append, follow, seen, goBackTo } = await setUp(t);
    const copy = await tempDir(t);
    await create();
    for (const who of 'abc') await append(who);
    await nats.crash();
    await cp(nats.storeDir, copy, { recursive: true });
    await nats.restart();
    for (const who of 'de') await append(who);
    const following = follow();
    await eventually(() => seen() === 'abcde', { what: 'all five are seen' });
    await nats.crash();
    await rm(nats.storeDir, { recursive: true });
    await cp(copy, nats.storeDir, { recursive: true });
    await nats.restart();
    goBackTo(3);
    // Beyond the place that the reader had reached, so that a sequence alone looks fine.
    for (const who of 'xyz') await append(who);
    await following;
    assert.equal(seen(), 'abcderewound');
  });

  it('ends with rewound when the log is gone', async (t) => {
    const { direct, create, append, follow, seen } = await setUp(t);
    await create();
    await append('a');
    const following = follow();
    await eventually(() => seen() === 'a', { what: 'a is seen' });
    await direct.request(`$JS.API.STREAM.DELETE.${subjects.logStream}`);
    await following;
    assert.equal(seen(), 'arewound');
  });

  it('leaves no consumer behind', async (t) => {
    const { direct, create, append, follow, seen, abort } = await setUp(t);
    await create();
    await append('a');
    const following = follow();
    await eventually(() => seen() === 'a', { what: 'a is seen' });
    abort.abort();
    await following;
    const consumers = async () => {
      const answer = await direct.request(`$JS.API.CONSUMER.NAMES.${subjects.logStream}`);
      return answer.json<{ total: number }>().total;
    };
    await eventually(async () => (await consumers()) === 0, { what: 'the consumer is gone' });
  });
});

describe('a log that is configured otherwise', () => {
  it('is refused with E_LOG_CONFIG, and left as it is', async (t) => {
    const { direct } = await setUp(t);
    const config = { name: subjects.logStream, subjects: [subjects.logAll], retention: 'limits', storage: 'memory' };
    const made = await direct.request(`$JS.API.STREAM.CREATE.${subjects.logStream}`, JSON.stringify(config));
    const { created } = made.json<{ created: string }>();
    await assert.rejects(createLog(direct, farm), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'E_LOG_CONFIG');
      for (const field of ['storage', 'discard', 'deny_purge']) assert.match(error.message, new RegExp(field));
      return true;
    });
    await assert.rejects(JetStreamLogStore.open(direct, farm), { code: 'E_LOG_CONFIG' });
    const info = await direct.request(`$JS.API.STREAM.INFO.${subjects.logStream}`);
    assert.equal(info.json<{ created: string }>().created, created);
  });

  it('is accepted when it is created twice', async (t) => {
    const { direct } = await setUp(t);
    await Promise.all([createLog(direct, farm), createLog(direct, farm)]);
    await createLog(direct, farm);
    await assert.rejects(createLog(direct, farm, { maxBytes: 4096 }), { code: 'E_LOG_CONFIG' });
  });

  it('refuses replicas on a server whose guard does not hold for them', async (t) => {
    const { direct } = await setUp(t);
    if (Number(direct.info?.version.split('.')[1]) >= 11) return t.skip('this server is new enough');
    await assert.rejects(createLog(direct, farm, { replicas: 3 }), { code: 'E_UNSUPPORTED' });
  });
});
