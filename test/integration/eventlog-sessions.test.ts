import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  connectBus,
  createSessionsStream,
  JetStreamSessionHistory,
  sessionsDrift,
  wantedSessionsStream,
} from '@dolphin/eventlog';
import { DolphinError, type SessionBatch, subjectsOf } from '@dolphin/protocol';
import { silentLogger } from '@dolphin/runtime';
import type { NatsConnection } from 'nats';
import { onCleanup, type TestScope } from '../support/cleanup.js';
import { startNats } from '../support/nats.js';
import { endedSession } from '../unit/worker/ended-session.js';

const FARM_ID = '7b1c1f1e-5f0b-4b57-9b53-6a1dd0f4f001';
const subjects = subjectsOf('main');

async function open(t: TestScope): Promise<{ bus: NatsConnection; history: JetStreamSessionHistory }> {
  const nats = await startNats(t);
  const bus = await connectBus(nats.url, { name: 'test', logger: silentLogger() });
  onCleanup(t, () => bus.close());
  return { bus, history: await JetStreamSessionHistory.open(bus, 'main') };
}

const batch = (host: string, n: number): SessionBatch => ({
  ...{ v: 1, farmId: FARM_ID, host, after: n - 1, upTo: n, countsAnew: false },
  sessions: [endedSession(n)],
});

async function back(history: JetStreamSessionHistory, o: { before?: number; host?: string } = {}): Promise<number[]> {
  const sequences: number[] = [];
  for await (const { sequence } of history.readBack(o)) sequences.push(sequence);
  return sequences;
}

it('what was stored is read back over many windows, newest first, of all hosts or one, without a gap or a double', async (t) => {
  const { bus, history } = await open(t);
  assert.deepEqual(await back(history), [], 'where there is no stream there is nothing');
  await createSessionsStream(bus, 'main');
  assert.deepEqual(await back(history), []);
  const count = 1_300;
  for (let from = 1; from <= count; from += 100) {
    const some = Array.from({ length: 100 }, (_, index) => from + index);
    const hostOf = (n: number) => (n % 7 === 0 ? 'h2' : 'h1');
    await Promise.all(some.map((n) => bus.request(subjects.sessions(hostOf(n)), JSON.stringify(batch(hostOf(n), n)))));
  }
  const all = Array.from({ length: count }, (_, index) => count - index);
  assert.deepEqual(await back(history), all);
  assert.deepEqual(await back(history, { before: 700 }), all.slice(count - 699));
  const ofOne: number[] = [];
  for await (const { batch: one } of history.readBack({ host: 'h2' })) ofOne.push(one?.upTo ?? 0);
  assert.deepEqual(
    ofOne.sort((a, b) => b - a),
    all.filter((n) => n % 7 === 0),
  );
  assert.deepEqual(await back(history, { host: 'h3' }), []);
  // As a worker reads, which may make no consumer.
  const plain = await JetStreamSessionHistory.open(bus, 'main', { consumes: false });
  for (const o of [{ host: 'h2' }, { host: 'h2', before: 700 }]) {
    assert.deepEqual(await back(plain, o), await back(history, o));
  }
});

it('an append beside another one is a conflict, and changes nothing', async (t) => {
  const { bus, history } = await open(t);
  await createSessionsStream(bus, 'main');
  assert.deepEqual(await history.tail('h1'), { guard: 0, end: null });
  const first = await history.append(batch('h1', 1), { expectedLast: 0, messageId: 'm1' });
  assert.deepEqual(first, { outcome: 'appended', sequence: 1 });
  const again = await history.append(batch('h1', 1), { expectedLast: 0, messageId: 'm2' });
  assert.deepEqual(again, { outcome: 'conflict', lastSequence: 1 });
  assert.deepEqual(await history.tail('h1'), { guard: 1, end: { upTo: 1, id: 'a-1' } });
  await bus.request(subjectsOf('main').sessions('h2'), '{"stream":"x","seq":1}');
  await bus.request(subjectsOf('main').sessions('h1'), '{"stream":"x","seq":1}');
  assert.deepEqual(await history.tail('h1'), { guard: 3, end: { upTo: 1, id: 'a-1' } }, 'what nobody appended counts');
  assert.deepEqual(await history.tail('h2'), { guard: 2, end: null });
});

it('a stream that drops nothing, or takes other subjects, is refused; one that is larger or keeps longer is not', async (t) => {
  const { bus } = await open(t);
  const wanted = wantedSessionsStream('main', 1);
  const add = (config: object) => bus.request(`$JS.API.STREAM.CREATE.${wanted.name}`, JSON.stringify(config));
  await add({ ...wanted, max_age: 0, max_bytes: 1024 ** 2 });
  await createSessionsStream(bus, 'main');
  await bus.request(`$JS.API.STREAM.DELETE.${wanted.name}`);
  await add({ ...wanted, max_msgs_per_subject: 1 });
  const refused = await createSessionsStream(bus, 'main').catch((error: unknown) => error);
  assert.equal(refused instanceof DolphinError && refused.code, 'E_LOG_CONFIG');
  assert.deepEqual(sessionsDrift({ ...wanted, subjects: ['x'] }, 'main'), [
    'subjects is ["x"], not ["dolphin.main.sessions.*"]',
  ]);
});
