import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectBus } from '@dolphin/eventlog';
import { EndedSessionsAnswer, ErrorAnswer, type SessionBatch, subjectsOf } from '@dolphin/protocol';
import { silentLogger } from '@dolphin/runtime';
import { onCleanup, type TestScope } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { startNats } from '../support/nats.js';
import { endedSession } from '../unit/worker/ended-session.js';
import { TestMaster } from './master-support/test-master.js';

const subjects = subjectsOf('main');

/** A farm with a master, and its sessions stream, which the master made. */
async function start(t: TestScope) {
  const nats = await startNats(t);
  const master = await TestMaster.start(t, { nats: nats.url });
  const { farmId } = await master.init();
  const bus = await connectBus(nats.url, { name: 'test', logger: silentLogger() });
  onCleanup(t, () => bus.close());
  // Nobody takes the first one until the master has made the stream.
  const ship = (host: string, over: Partial<SessionBatch>) => {
    const batch: SessionBatch = { v: 1, farmId, host, after: 0, upTo: 0, countsAnew: false, sessions: [], ...over };
    return eventually(() => bus.request(subjects.sessions(host), JSON.stringify(batch)), { what: 'it is shipped' });
  };
  const ask = async (query: string) => {
    const { status, body } = await master.request('GET', `/api/v1/sessions/ended?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return EndedSessionsAnswer.parse(body);
  };
  const ids = async (query: string) => (await ask(query)).sessions.map(({ host, n }) => `${host} ${n}`);
  return { nats, master, bus, farmId, ship, ask, ids };
}

test('how sessions of all hosts ended is answered by every filter, newest first', async (t) => {
  const { ship, ids } = await start(t);
  const other = { stream: 'other.example/live/s2', end: 'kicked', edge: 'stream-1.b', address: '2001:db8::7' } as const;
  await ship('h1', { upTo: 2, sessions: [endedSession(1), endedSession(2, other)] });
  await ship('h2', { upTo: 1, sessions: [endedSession(1, { endedAt: '2026-11-21T12:00:00.000Z' })] });
  await ship('h1', { after: 2, upTo: 3, sessions: [endedSession(3, { stream: null, use: null, edge: null })] });
  const expected: [string, string[]][] = [
    ['', ['h1 3', 'h2 1', 'h1 2', 'h1 1']],
    ['host=h2', ['h2 1']],
    ['host=nobody', []],
    ['edge=stream-1', ['h1 2']],
    ['edge=stream-1.b', ['h1 2']],
    ['stream=/live/livestream', ['h2 1', 'h1 1']],
    ['stream=other.example/live/s2', ['h1 2']],
    ['stream=/live/s2', []],
    ['address=2001:db8::7', ['h1 2']],
    ['address=2001:db8::/32', ['h1 2']],
    ['address=192.0.2.0/24&host=h1', ['h1 3', 'h1 1']],
    ['address=0.0.0.0/0&end=kicked', []],
    ['end=kicked', ['h1 2']],
    ['since=2026-11-21T11:00:00Z', ['h2 1']],
  ];
  for (const [query, rows] of expected) assert.deepEqual(await ids(query), rows, query);
});

test('pages follow one another without a gap or a double, and never split a message', async (t) => {
  const { ship, ask } = await start(t);
  for (let n = 1; n <= 40; n += 2)
    await ship('h1', { after: n - 1, upTo: n + 1, sessions: [n, n + 1].map((one) => endedSession(one)) });
  const seen: number[] = [];
  for (let before = ''; ; ) {
    const page = await ask(`limit=3${before}`);
    seen.push(...page.sessions.map(({ n }) => n));
    if (page.next === null) break;
    // A page that took long ends early, on a machine that stands still.
    assert.ok([2, 4].includes(page.sessions.length), `${page.sessions.length} sessions`);
    before = `&before=${page.next}`;
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 40 }, (_, index) => 40 - index),
  );
});

test('what is lost, what cannot be read and what is of another farm is said, or left out', async (t) => {
  const { bus, farmId: ours, ship, ask } = await start(t);
  await ship('h1', { after: 10, upTo: 15, sessions: [endedSession(15)] });
  await ship('h1', { after: 3, upTo: 4, countsAnew: true, sessions: [endedSession(4)] });
  await ship('h2', { after: 0, upTo: 7 });
  await bus.request(subjects.sessions('h2'), '{"v":9}');
  const forged: SessionBatch = { v: 1, farmId: ours, host: 'h1', after: 4, upTo: 5, countsAnew: false, sessions: [] };
  await bus.request(subjects.sessions('h2'), JSON.stringify(forged));
  const farmId = '7b1c1f1e-5f0b-4b57-9b53-6a1dd0f4f00f';
  await ship('h1', { farmId, upTo: 1, sessions: [endedSession(1)] });
  const all = await ask('');
  assert.deepEqual(
    all.sessions.map(({ n }) => n),
    [4, 15],
  );
  assert.deepEqual([all.unreadable, all.next], [2, null]);
  assert.deepEqual(all.lost, [
    { host: 'h2', sessions: 7, countedAnew: 0 },
    { host: 'h1', sessions: 4, countedAnew: 1 },
  ]);
  assert.deepEqual((await ask('host=h1')).lost.length, 1);
});

test('a stream that somebody deleted is made again, and is empty', async (t) => {
  const { bus, ship, ids } = await start(t);
  await ship('h1', { upTo: 1, sessions: [endedSession(1)] });
  await bus.request(`$JS.API.STREAM.DELETE.${subjects.sessionsStream}`);
  assert.deepEqual(await ids(''), []);
  await eventually(() => ship('h1', { upTo: 2, sessions: [endedSession(2)] }), { what: 'there is a stream again' });
  assert.deepEqual(await ids(''), ['h1 2']);
});

test('a filter that is none, or cannot be read, is refused, and NATS that is away is said', async (t) => {
  const { master, nats } = await start(t);
  for (const query of ['colour=red', 'address=h1', 'address=10.0.0.0/33', 'end=bored', 'since=1d', 'limit=0']) {
    const { status, body } = await master.request('GET', `/api/v1/sessions/ended?${query}`);
    assert.deepEqual([status, ErrorAnswer.parse(body).error.code], [400, 'E_BAD_REQUEST'], query);
  }
  await nats.crash();
  const code = await eventually(
    async () => {
      const { status, body } = await master.request('GET', '/api/v1/sessions/ended');
      return status === 503 && body.error.code;
    },
    { what: 'the master says that NATS is away' },
  );
  assert.equal(code, 'E_BUS_UNAVAILABLE');
});
