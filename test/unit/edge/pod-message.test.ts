import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPodMessage } from '@dolphin/edge/ipc/pod-message.js';
import { MAX_CLIENTS_PER_MESSAGE, MAX_HANDED_HEAD_CHARS, PodMessage } from '@dolphin/protocol';
import fc from 'fast-check';

const id = fc.oneof(fc.integer(), fc.constantFrom(0.5, -1, '7', null, undefined, Number.NaN, 2 ** 60));
const ids = fc.oneof(
  fc.array(fc.oneof({ weight: 9, arbitrary: fc.integer() }, id)),
  fc.constantFrom('7', null, Array(MAX_CLIENTS_PER_MESSAGE).fill(1), Array(MAX_CLIENTS_PER_MESSAGE + 1).fill(1)),
);
const head = fc.constantFrom(
  undefined,
  '',
  'AwAA',
  'AwA',
  'Aw==',
  'A===',
  'Aw A',
  7,
  null,
  'A'.repeat(MAX_HANDED_HEAD_CHARS),
  'A'.repeat(22_004),
);
const address = fc.constantFrom(undefined, '192.0.2.7', '2001:db8::7', '192.0.2', 'host', 7, null);
const message = fc.oneof(
  fc.record({
    type: fc.constantFrom('take', 'took', 7),
    id,
    protocol: fc.constantFrom('rtmp', 'http', 'srt', 7),
    head,
    address,
    later: fc.anything(),
  }),
  fc.record({ type: fc.constant('close'), ids, why: fc.constantFrom('kicked', 'drained', 'limit', 'slow', 7) }),
  fc.record({ type: fc.constant('count'), ask: id, ids }),
  fc.record({ type: fc.constant('keep'), on: fc.constantFrom(true, false, 1, 'on', null, undefined) }),
  fc.anything(),
);

test('an edge reads of its pod what the schema of the protocol reads', () => {
  fc.assert(
    fc.property(message, (value) => {
      assert.equal(isPodMessage(value), PodMessage.safeParse(value).success, JSON.stringify(value));
    }),
    { numRuns: 2000 },
  );
});
