import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientCloser } from '@dolphin/pod/app/client-closer.js';
import type { Client } from '@dolphin/pod/app/ports.js';
import { ClientLedger } from '@dolphin/pod/domain/client-ledger.js';
import { MAX_CLIENTS_PER_MESSAGE, PodMessage } from '@dolphin/protocol';

function setUp() {
  const ledger = new ClientLedger();
  const here = new Map<number, Client>();
  const said: { to: string; ids: number[]; why: string }[] = [];
  const closedHere: number[] = [];
  const closer = new ClientCloser({
    ledger,
    withdraw: (id) => {
      const client = here.get(id) ?? null;
      here.delete(id);
      return client;
    },
    say: ({ edge, via }, message) => {
      const parsed = PodMessage.parse(message);
      assert.ok(parsed.type === 'close');
      said.push({ to: via ?? edge, ids: parsed.ids, why: parsed.why });
    },
    onClosedHere: ({ id }) => closedHere.push(id),
  });
  return { ledger, here, said, closedHere, closer };
}

describe('closing clients', () => {
  it('asks the edge or the relay process that has each, and closes here who waits here', () => {
    const { ledger, here, said, closedHere, closer } = setUp();
    ledger.put(1, 'stream-0', null);
    ledger.put(2, 'stream-0', 'relay-0');
    ledger.put(3, 'stream-1', 'relay-0');
    ledger.put(4, 'stream-1', null);
    for (const id of [4, 5])
      here.set(id, { id, protocol: 'rtmp', address: '192.0.2.1', socket: { destroyed: false, destroy() {} } });
    assert.equal(closer.close([1, 2, 3, 4, 5, 6], 'drained'), 5);
    assert.deepEqual(said, [
      { to: 'stream-0', ids: [1], why: 'drained' },
      { to: 'relay-0', ids: [2, 3], why: 'drained' },
    ]);
    assert.deepEqual(closedHere, [4, 5]);
  });

  it('asks once for each, however often it is told to', () => {
    const { ledger, said, closer } = setUp();
    ledger.put(1, 'stream-0', null);
    assert.deepEqual([closer.close([1], 'kicked'), closer.close([1], 'limit')], [1, 0]);
    assert.equal(said.length, 1);
    assert.equal(closer.reasonFor(1), 'kicked');
    closer.forget(1);
    assert.equal(closer.reasonFor(1), null);
  });

  it('never says more in one message than may be in one', () => {
    const { ledger, said, closer } = setUp();
    const ids = Array.from({ length: MAX_CLIENTS_PER_MESSAGE * 2 + 1 }, (_, id) => id);
    for (const id of ids) ledger.put(id, 'stream-0', null);
    assert.equal(closer.close(ids, 'kicked'), ids.length);
    assert.deepEqual(
      said.map((one) => one.ids.length),
      [MAX_CLIENTS_PER_MESSAGE, MAX_CLIENTS_PER_MESSAGE, 1],
    );
  });
});
