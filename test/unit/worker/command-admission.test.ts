import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Command, DolphinError, Fact, MAX_COMMAND_BYTES } from '@dolphin/protocol';
import { readCommand, refusalFact, refusalKey, refusalOf } from '@dolphin/worker/domain/command-admission.js';
import fc from 'fast-check';

const FARM = '7b1c1f1e-5f0b-4b57-9b53-6a1dd0f4f001';
const OTHER_FARM = '7b1c1f1e-5f0b-4b57-9b53-6a1dd0f4f002';
const STAYS = { readOnly: null, isLeaving: false };
const me = { farmId: FARM, host: 'h1', epoch: 3 };

const command = (o: Partial<Command> = {}): Command => ({
  id: 'c1',
  farmId: FARM,
  host: 'h1',
  epoch: 3,
  term: 1,
  sequence: 9,
  body: { type: 'kill', role: 'stream', slot: 2, generation: 4 },
  ...o,
});
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe('bytes that come as a command', () => {
  it('are one when they hold one', () => {
    assert.deepEqual(readCommand(bytes(command())), command());
  });

  for (const [what, data, code] of [
    ['nothing', new Uint8Array(), 'E_BAD_REQUEST'],
    ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'E_BAD_REQUEST'],
    ['no JSON', new TextEncoder().encode('{'), 'E_BAD_REQUEST'],
    ['null', bytes(null), 'E_BAD_REQUEST'],
    ['an unknown body', bytes({ ...command(), body: { type: 'explode' } }), 'E_BAD_REQUEST'],
    ['one of a later version', bytes({ ...command(), body: { type: 'reload', slot: 2 } }), 'E_NOT_YET'],
    ['a later one for nobody', bytes({ ...command(), host: '', body: { type: 'reload' } }), 'E_BAD_REQUEST'],
    ['a term that is no number', bytes({ ...command(), term: '1' }), 'E_BAD_REQUEST'],
    ['a host with a dot', bytes({ ...command(), host: 'a.b' }), 'E_BAD_REQUEST'],
    ['more than the limit', new Uint8Array(MAX_COMMAND_BYTES + 1).fill(0x20), 'E_TOO_LARGE'],
  ] as const) {
    it(`are refused with ${code}: ${what}`, () => {
      const read = readCommand(data);
      assert.ok(read instanceof DolphinError);
      assert.equal(read.code, code);
    });
  }

  it('never throw, whatever they are', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (data) => void readCommand(data)));
    fc.assert(fc.property(fc.json(), (text) => void readCommand(new TextEncoder().encode(text))));
  });
});

describe('a command', () => {
  it('is for this farm, this host and this epoch, or refused', () => {
    assert.equal(refusalOf(command(), me, STAYS), null);
    assert.equal(refusalOf(command({ epoch: 0 }), me, STAYS), null, 'epoch 0: whichever life reads it');
    assert.equal(refusalOf(command({ host: 'h2' }), me, STAYS)?.code, 'E_HOST_MISMATCH');
    assert.equal(refusalOf(command({ farmId: OTHER_FARM }), me, STAYS)?.code, 'E_FARM_MISMATCH');
    assert.equal(refusalOf(command({ epoch: 2 }), me, STAYS)?.code, 'E_EPOCH_STALE');
    assert.equal(refusalOf(command({ epoch: 4 }), me, STAYS)?.code, 'E_EPOCH_STALE');
  });

  it('that is sent again with another id is the same refusal, another generation is not', () => {
    const key = refusalKey(command(), 'E_X');
    assert.equal(refusalKey(command({ id: 'c2' }), 'E_X'), key);
    assert.notEqual(refusalKey(command(), 'E_Y'), key);
    const body = { type: 'kill', role: 'stream', slot: 2, generation: 5 } as const;
    assert.notEqual(refusalKey(command({ body }), 'E_X'), key);
    assert.notEqual(refusalKey(command({ body: { type: 'adopt' } }), 'E_X'), key);
  });

  it('that is refused becomes a fact that the log takes, with the command as its cause', () => {
    const fact = refusalFact(command({ correlationId: 'op' }), { code: 'E_X', message: 'x'.repeat(5000) }, 'id');
    assert.deepEqual(Fact.parse(fact), fact);
    assert.equal(fact.causationId, 'c1');
    assert.equal(fact.correlationId, 'op');
    Fact.parse(refusalFact(command({ correlationId: '' }), { code: 'E_X', message: '' }, 'id'));
  });
});
