import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Heartbeat, MAX_ASK_BYTES } from '@dolphin/protocol';
import { answerAsk } from '@dolphin/worker/domain/ask-answer.js';

const heartbeat: Heartbeat = {
  farmId: '11111111-1111-4111-8111-111111111111',
  host: 'h1',
  epoch: 1,
  at: '2026-01-01T00:00:00.000Z',
  address: '127.0.0.1',
  upTo: 0,
  pod: null,
};
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

test('a question for the state, or none at all, gets the newest heartbeat', () => {
  for (const data of [new Uint8Array(), bytes({ what: 'state' }), bytes({ what: 'state', since: 7 })]) {
    assert.deepEqual(answerAsk(data, heartbeat), { what: 'state', heartbeat });
  }
});

test('a worker that has not joined says nothing', () => {
  assert.equal(answerAsk(bytes({ what: 'state' }), null), null);
});

test('garbage, a question of a later version and one that is too long are refused with a code', () => {
  const code = (data: Uint8Array) => {
    const answer = answerAsk(data, heartbeat);
    return answer?.what === 'refused' ? answer.code : answer?.what;
  };
  assert.equal(code(new Uint8Array([0xff, 0xfe])), 'E_BAD_REQUEST');
  assert.equal(code(bytes(null)), 'E_BAD_REQUEST');
  assert.equal(code(bytes({ what: 'weather' })), 'E_BAD_REQUEST');
  assert.equal(code(bytes({ what: 'state', pad: 'x'.repeat(MAX_ASK_BYTES) })), 'E_BAD_REQUEST');
  assert.equal(code(bytes({ what: 'dial', address: '127.0.0.1', port: 1935 })), 'E_NOT_YET');
});
