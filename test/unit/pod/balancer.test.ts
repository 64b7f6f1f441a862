import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseEdges } from '@dolphin/pod/domain/balancer.js';
import { ClientLedger } from '@dolphin/pod/domain/client-ledger.js';
import fc from 'fast-check';

const edge = (name: string, clients: number, over = {}) => ({ name, clients, ready: true, full: false, ...over });

describe('the balancer', () => {
  it('ranks ready edges by the fewest clients, equal ones in their order', () => {
    const choice = chooseEdges([
      edge('a', 2),
      edge('b', 0),
      edge('c', 2),
      edge('d', 0, { ready: false }),
      edge('e', 0),
    ]);
    assert.deepEqual(choice, { type: 'edges', names: ['b', 'e', 'a', 'c'] });
  });

  it('gives the reason when there is none', () => {
    assert.deepEqual(chooseEdges([]), { type: 'none', reason: 'no-edge' });
    assert.deepEqual(chooseEdges([edge('a', 0, { ready: false })]), { type: 'none', reason: 'no-ready-edge' });
    assert.deepEqual(chooseEdges([edge('a', 0, { full: true })]), { type: 'none', reason: 'edges-full' });
  });
});

describe('the ledger of clients', () => {
  it('counts what a plain list counts, whatever is put, moved, removed and dropped', () => {
    const id = fc.nat(8);
    const name = fc.constantFrom('a', 'b', 'c');
    const via = fc.constantFrom(null, 'r0', 'r1');
    const step = fc.oneof(
      fc.record({ type: fc.constant('put' as const), id, edge: name, via }),
      fc.record({ type: fc.constant('remove' as const), id }),
      fc.record({ type: fc.constant('edge-died' as const), edge: name }),
      fc.record({ type: fc.constant('relay-died' as const), via: fc.constantFrom('r0', 'r1') }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const ledger = new ClientLedger();
        let model: { id: number; edge: string; via: string | null }[] = [];
        for (const one of steps) {
          if (one.type === 'put') {
            ledger.put(one.id, one.edge, one.via);
            model = [...model.filter((client) => client.id !== one.id), one];
          } else if (one.type === 'remove') {
            ledger.remove(one.id);
            model = model.filter((client) => client.id !== one.id);
          } else if (one.type === 'edge-died') {
            for (const gone of ledger.handedTo(one.edge)) ledger.remove(gone);
            model = model.filter((client) => client.edge !== one.edge || client.via !== null);
          } else {
            for (const gone of ledger.carriedBy(one.via)) ledger.remove(gone);
            model = model.filter((client) => client.via !== one.via);
          }
          assert.equal(ledger.size, model.length);
          for (const at of ['a', 'b', 'c']) {
            assert.equal(ledger.countAt(at), model.filter((client) => client.edge === at).length);
          }
          for (const by of ['r0', 'r1']) {
            assert.equal(ledger.countVia(by), model.filter((client) => client.via === by).length);
          }
        }
      }),
    );
  });
});
