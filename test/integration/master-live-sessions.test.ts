import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Ask,
  type AskReply,
  Kick,
  type KickReply,
  LiveSessionsAnswer,
  type Session,
  subjectsOf,
} from '@dolphin/protocol';
import { connect } from 'nats';
import { onCleanup, type TestScope } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { startNats } from '../support/nats.js';
import { FakeWorker } from './master-support/fake-worker.js';
import { TestMaster } from './master-support/test-master.js';

const subjects = subjectsOf('main');

const session = (id: string, second: number, more: Partial<Session> = {}): Session => ({
  ...{ id, protocol: 'rtmp', address: '192.0.2.1', edge: 'stream-0', via: null, stream: '/live/a', use: 'play' },
  ...{ acceptedAt: `2026-11-21T10:00:0${second}.000Z`, sentBytes: 10, receivedBytes: 3 },
  ...more,
});

/** Two hosts that tell of their sessions, and a third that a test may make silent. */
async function start(t: TestScope) {
  const nats = await startNats(t);
  const master = await TestMaster.start(t, { nats: nats.url });
  const { farmId } = await master.init();
  const bus = await connect({ servers: nats.url });
  onCleanup(t, () => bus.close());
  const asked: Ask[] = [];
  const kicked: string[] = [];
  const host = async (name: string, own: Session[], rtmp: number) => {
    await FakeWorker.start(t, { nats: nats.url, farmId, host: name, rtmp });
    bus.subscribe(subjects.ask(name), {
      callback: (_, message) => {
        const ask = Ask.parse(message.json());
        asked.push(ask);
        const reply: AskReply = { what: 'sessions', total: own.length + 1, sessions: own };
        message.respond(JSON.stringify(reply));
      },
    });
    bus.subscribe(subjects.kick(name), {
      callback: (_, message) => {
        const { session: id } = Kick.parse(message.json());
        const isThere = own.some((one) => one.id === id);
        if (isThere) kicked.push(`${name} ${id}`);
        const reply: KickReply = isThere
          ? { result: 'closing' }
          : { result: 'refused', code: 'E_NOT_FOUND', message: `session ${id} is not there` };
        message.respond(JSON.stringify(reply));
      },
    });
    await bus.flush();
  };
  await host('h1', [session('a-1', 1), session('a-2', 3)], 20_001);
  await host('h2', [session('b-1', 2)], 20_003);
  await master.until('both are there', ({ hosts }) => hosts.length === 2);
  const ask = async (query = '') => {
    const { status, body } = await master.request('GET', `/api/v1/sessions?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return LiveSessionsAnswer.parse(body);
  };
  return { nats, farmId, master, asked, kicked, ask };
}

test('who is there on all hosts is answered oldest first, and who does not tell is named', async (t) => {
  const { nats, farmId, master, asked, ask } = await start(t);
  const all = await ask();
  assert.deepEqual(
    all.sessions.map(({ host, id }) => `${host} ${id}`),
    ['h1 a-1', 'h2 b-1', 'h1 a-2'],
  );
  assert.deepEqual([all.total, all.unheard], [5, []]);
  const some = await ask('limit=2&stream=/live/a&address=192.0.2.0/24&protocol=rtmp&edge=stream-0');
  assert.deepEqual([some.sessions.length, some.total], [2, 5]);
  const filter = { stream: '/live/a', address: '192.0.2.0/24', protocol: 'rtmp', edge: 'stream-0' };
  assert.deepEqual(asked.at(-1), { what: 'sessions', limit: 2, ...filter });
  assert.deepEqual((await ask('host=h2')).total, 2);

  await FakeWorker.start(t, { nats: nats.url, farmId, host: 'h3', rtmp: 20_005 });
  await master.until('a third host is there', ({ hosts }) => hosts.length === 3);
  const { sessions, unheard } = await ask();
  assert.deepEqual([sessions.length, unheard.map(({ host }) => host)], [3, ['h3']]);
  for (const wrong of ['host=h9', 'address=nobody', 'limit=0', 'colour=red']) {
    const { status, body } = await master.request('GET', `/api/v1/sessions?${wrong}`);
    assert.deepEqual([status >= 400 && status < 500, body.error.retryable], [true, false], wrong);
  }
});

test('a client is closed on the host that has it; nobody has it only if every host says so', async (t) => {
  const { nats, farmId, master, kicked } = await start(t);
  const kick = async (id: string, query = '') => {
    const { status, body } = await master.request('DELETE', `/api/v1/sessions/${id}${query}`, { who: 'test' });
    return status === 200 ? body : body.error.code;
  };
  assert.deepEqual(await kick('b-1'), { host: 'h2', session: 'b-1' });
  assert.deepEqual(await kick('a-2', '?host=h1'), { host: 'h1', session: 'a-2' });
  assert.equal(await kick('a-1', '?host=h2'), 'E_NOT_FOUND');
  assert.equal(await kick('z-1'), 'E_NOT_FOUND');
  assert.deepEqual(kicked, ['h2 b-1', 'h1 a-2']);
  await eventually(() => master.process.output().includes('a client is kicked'), { what: 'its log says who asked' });
  await FakeWorker.start(t, { nats: nats.url, farmId, host: 'h3', rtmp: 20_005 });
  await master.until('a third host is there', ({ hosts }) => hosts.length === 3);
  assert.equal(await kick('z-1'), 'E_UNREACHABLE');
  assert.deepEqual(await kick('a-1'), { host: 'h1', session: 'a-1' });
});
