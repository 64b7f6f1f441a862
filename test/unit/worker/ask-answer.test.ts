import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AskReply, type Heartbeat, MAX_ASK_BYTES, MAX_TELEMETRY_BYTES, type Session } from '@dolphin/protocol';
import { AskDesk, type AskDeskDeps } from '@dolphin/worker/app/ask-desk.js';
import { sessionsReply } from '@dolphin/worker/domain/ask-answer.js';
import fc from 'fast-check';
import { anyCharacter } from '../../support/any-character.js';

const FARM_ID = '11111111-1111-4111-8111-111111111111';
const heartbeat: Heartbeat = {
  farmId: FARM_ID,
  host: 'h1',
  epoch: 1,
  at: '2026-01-01T00:00:00.000Z',
  address: '127.0.0.1',
  upTo: 0,
  pod: null,
};
const session: Session = {
  ...{ id: 'a-1', protocol: 'rtmp', address: '192.0.2.1', edge: 'stream-0', via: null, stream: '/live/a', use: 'play' },
  ...{ acceptedAt: '2026-01-01T00:00:00.000Z', sentBytes: 10, receivedBytes: 3 },
};
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function desk(more: Partial<AskDeskDeps> = {}): AskDesk {
  return new AskDesk({
    pod: { sessions: async () => ({ total: 1, sessions: [session] }), kick: async (id) => id === 'a-1' },
    heartbeat: () => heartbeat,
    complaints: { about: () => undefined },
    me: () => ({ farmId: FARM_ID, host: 'h1', epoch: 1 }),
    ...more,
  });
}
const codeOf = (answer: { readonly code?: string } | null) => answer?.code;

test('a question for the state, or none at all, gets the newest heartbeat', async () => {
  for (const data of [new Uint8Array(), bytes({ what: 'state' }), bytes({ what: 'state', since: 7 })]) {
    assert.deepEqual(await desk().answer(data), { what: 'state', heartbeat });
  }
});

test('a worker that has not joined says nothing', async () => {
  const stranger = desk({ heartbeat: () => null, me: () => null });
  assert.equal(await stranger.answer(bytes({ what: 'state' })), null);
  assert.equal(await stranger.kick(bytes({ farmId: FARM_ID, session: 'a-1' })), null);
});

test('garbage, a question of a later version and one that is too long are refused with a code', async () => {
  const code = async (data: Uint8Array) => {
    const answer = await desk().answer(data);
    return answer?.what === 'refused' ? answer.code : answer?.what;
  };
  assert.equal(await code(new Uint8Array([0xff, 0xfe])), 'E_BAD_REQUEST');
  assert.equal(await code(bytes(null)), 'E_BAD_REQUEST');
  assert.equal(await code(bytes({ what: 'weather' })), 'E_BAD_REQUEST');
  assert.equal(await code(bytes({ what: 'state', pad: 'x'.repeat(MAX_ASK_BYTES) })), 'E_BAD_REQUEST');
  assert.equal(await code(bytes({ what: 'dial', address: '127.0.0.1', port: 1935 })), 'E_NOT_YET');
  assert.equal(await code(bytes({ what: 'sessions', limit: 0 })), 'E_BAD_REQUEST');
});

test('a question for sessions goes to the pod with its filters; of two that are under way a third is refused', async () => {
  const asked: unknown[] = [];
  const waiting: (() => void)[] = [];
  const busy = desk({
    pod: {
      kick: async () => false,
      sessions: async (filter, limit) => {
        asked.push({ ...filter, limit });
        await new Promise<void>((done) => waiting.push(done));
        return { total: 0, sessions: [] };
      },
    },
  });
  const question = bytes({ what: 'sessions', limit: 7, stream: '/live/a' });
  const two = [busy.answer(question), busy.answer(question)];
  const third = await busy.answer(question);
  assert.equal(third?.what === 'refused' && third.code, 'E_LIMITED');
  for (const done of waiting) done();
  assert.deepEqual(await Promise.all(two), Array(2).fill({ what: 'sessions', total: 0, sessions: [] }));
  assert.deepEqual(asked, Array(2).fill({ stream: '/live/a', limit: 7 }));
  const down = desk({ pod: { kick: async () => false, sessions: async () => ({ failed: 'down', why: 'ENOENT' }) } });
  const answer = await down.answer(question);
  assert.equal(answer?.what === 'refused' && answer.code, 'E_POD_DOWN');
});

test('a client is closed for its own farm only, and what the pod does not know is said so', async () => {
  const kick = async (value: unknown) => codeOf((await desk().kick(bytes(value))) as { code?: string });
  assert.deepEqual(await desk().kick(bytes({ farmId: FARM_ID, session: 'a-1' })), { result: 'closing' });
  assert.equal(await kick({ farmId: FARM_ID, session: 'a-2' }), 'E_NOT_FOUND');
  assert.equal(await kick({ farmId: FARM_ID.replaceAll('1', '2'), session: 'a-1' }), 'E_FARM_MISMATCH');
  assert.equal(await kick({ farmId: FARM_ID, session: '../state' }), 'E_BAD_REQUEST');
  const down = desk({
    pod: { sessions: async () => ({ total: 0, sessions: [] }), kick: async () => ({ failed: 'down', why: '' }) },
  });
  assert.equal(
    codeOf((await down.kick(bytes({ farmId: FARM_ID, session: 'a-1' }))) as { code?: string }),
    'E_POD_DOWN',
  );
});

test('an answer holds the first sessions that fit in it, whatever their streams are called', () => {
  const one = fc.record({
    stream: fc.string({ unit: anyCharacter, maxLength: 1024 }),
    times: fc.integer({ min: 1, max: 400 }),
  });
  const many = fc.array(one, { maxLength: 8 });
  fc.assert(
    fc.property(many, (parts) => {
      const sessions = parts.flatMap(({ stream, times }) => Array<Session>(times).fill({ ...session, stream }));
      const reply = sessionsReply({ total: 5_000, sessions });
      assert.ok(bytes(reply).length <= MAX_TELEMETRY_BYTES);
      assert.ok(reply.what === 'sessions' && reply.total === 5_000);
      assert.deepEqual(reply.sessions, sessions.slice(0, reply.sessions.length));
      const next = sessions[reply.sessions.length];
      if (next === undefined) return;
      assert.ok(
        bytes({ ...reply, sessions: [...reply.sessions, next] }).length > MAX_TELEMETRY_BYTES - 2,
        'one more would not',
      );
    }),
    { numRuns: 30 },
  );
  assert.ok(AskReply.parse(sessionsReply({ total: 1, sessions: [session] })));
});
