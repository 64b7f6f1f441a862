import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ByStream, type Candidate, chooseEdges } from '@dolphin/pod/domain/balancer.js';
import { ClientLedger } from '@dolphin/pod/domain/client-ledger.js';
import { explainChoice } from '@dolphin/pod/domain/explain-choice.js';
import { SLOW_START_FLOOR, SLOW_START_FREE_CLIENTS, slowStartShare } from '@dolphin/pod/domain/slow-start.js';
import fc from 'fast-check';

const edge = (name: string, clients: number, over: Partial<Candidate> = {}): Candidate => {
  return {
    name,
    slotName: name,
    clients,
    ready: true,
    busy: false,
    full: false,
    weight: 1,
    share: 1,
    ejected: false,
    ...over,
  };
};

/** Gives `count` clients one after the other to the edges, as they are chosen; counts by name. */
function place(edges: readonly Candidate[], count: number, by: ByStream | null = null): Map<string, number> {
  const counts = new Map(edges.map(({ name, clients }) => [name, clients]));
  for (let i = 0; i < count; i++) {
    const choice = chooseEdges(
      edges.map((each) => ({ ...each, clients: counts.get(each.name) ?? 0 })),
      by,
    );
    assert.ok(choice.type === 'edges');
    counts.set(choice.names[0], (counts.get(choice.names[0]) ?? 0) + 1);
  }
  return counts;
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `stream-${i}`);

describe('the balancer', () => {
  it('ranks ready edges by the fewest clients, equal ones in their order', () => {
    const choice = chooseEdges([
      edge('a', 2),
      edge('b', 0),
      edge('c', 2),
      edge('d', 0, { ready: false }),
      edge('e', 0),
    ]);
    assert.deepEqual(choice, { type: 'edges', names: ['b', 'e', 'a', 'c'], rule: 'fewest-clients' });
  });

  it('gives the reason when there is none', () => {
    assert.deepEqual(chooseEdges([]), { type: 'none', reason: 'no-edge' });
    assert.deepEqual(chooseEdges([edge('a', 0, { ready: false })]), { type: 'none', reason: 'no-ready-edge' });
    assert.deepEqual(chooseEdges([edge('a', 0, { full: true })]), { type: 'none', reason: 'edges-full' });
    assert.deepEqual(chooseEdges([edge('a', 0, { busy: true })]), { type: 'none', reason: 'edges-busy' });
  });

  it('calls its edges full only when waiting helps nobody', () => {
    const reasonOf = (...others: Candidate[]) => {
      const choice = chooseEdges([edge('a', 9, { full: true, busy: true }), ...others]);
      return choice.type === 'none' ? choice.reason : choice.rule;
    };
    assert.equal(reasonOf(), 'edges-full');
    assert.equal(reasonOf(edge('b', 0, { ready: false })), 'no-ready-edge');
    assert.equal(reasonOf(edge('b', 0, { busy: true })), 'edges-busy');
    assert.equal(reasonOf(edge('b', 0, { busy: true, ejected: true })), 'edges-busy');
  });

  it('sends nobody to an edge that fails while a sound one is only busy', () => {
    const out = edge('a', 0, { ejected: true });
    const busy = edge('b', 9, { busy: true });
    assert.deepEqual(chooseEdges([out, busy]), { type: 'none', reason: 'edges-busy' });
    assert.deepEqual(chooseEdges([out, busy, edge('c', 99)]), {
      ...{ type: 'edges', names: ['c', 'a'], rule: 'fewest-clients' },
    });
  });

  it('keeps equal edges within one client of each other, wherever they began', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { minLength: 1, maxLength: 12 }), fc.nat(200), (clients, more) => {
        const counts = place(
          clients.map((each, index) => edge(`stream-${index}`, each)),
          more,
        );
        const grown = [...counts].filter(([name, count]) => count > (clients[Number(name.slice(7))] ?? 0));
        const lowest = Math.min(...counts.values());
        for (const [, count] of grown) assert.ok(count <= lowest + 1, JSON.stringify([...counts]));
      }),
    );
  });

  it('gives each edge its part by weight, to the client', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 12 }), (each, rounds) => {
        const sum = each.reduce((total, weight) => total + weight, 0);
        const counts = place(
          each.map((weight, index) => edge(`stream-${index}`, 0, { weight })),
          sum * rounds,
        );
        assert.deepEqual(
          [...counts.values()],
          each.map((weight) => weight * rounds),
        );
      }),
    );
  });

  it('gives an edge that has just started some clients of a burst at once, and not all of them', () => {
    const old = edge('stream-0', 2000);
    const counts = place([old, edge('stream-1', 0, { share: slowStartShare(0, 5000) })], 1000);
    assert.deepEqual([...counts.values()], [2800 - 72, 272]);
    const grown = place([old, edge('stream-1', 0, { share: slowStartShare(2500, 5000) })], 1000);
    assert.deepEqual([...grown.values()], [2000, 1000]);
  });

  it('lets slow start leave no edge without any: the first clients come as to any other', () => {
    const ages = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 2, maxLength: 10 });
    fc.assert(
      fc.property(ages, (each) => {
        const edges = each.map((age, index) => edge(`stream-${index}`, 0, { share: slowStartShare(age, 5000) }));
        const counts = place(edges, edges.length * SLOW_START_FREE_CLIENTS);
        assert.deepEqual(new Set(counts.values()), new Set([SLOW_START_FREE_CLIENTS]));
      }),
    );
    assert.equal(slowStartShare(0, 5000), SLOW_START_FLOOR);
    assert.equal(slowStartShare(5000, 5000), 1);
    assert.equal(slowStartShare(0, 0), 1);
  });

  it('gives an ejected edge nobody while there is another, and puts it last', () => {
    const out = edge('a', 0, { ejected: true });
    assert.deepEqual(chooseEdges([out, edge('b', 9)]), { type: 'edges', names: ['b', 'a'], rule: 'fewest-clients' });
    assert.deepEqual(chooseEdges([out, edge('b', 9, { full: true })]), {
      type: 'edges',
      names: ['a'],
      rule: 'last-resort',
    });
  });

  it('explains each choice with the edge that was chosen, whatever the edges are like', () => {
    const any = fc.record({
      clients: fc.nat(100),
      ready: fc.boolean(),
      busy: fc.boolean(),
      full: fc.boolean(),
      ejected: fc.boolean(),
      weight: fc.constantFrom(0.5, 1, 3),
      share: fc.constantFrom(0.1, 0.7, 1),
    });
    const policy = { stream: '__defaultVhost__/live/a', loadFactor: 1.25, hotFromClients: 8 };
    fc.assert(
      fc.property(fc.array(any, { maxLength: 8 }), fc.boolean(), (each, byStream) => {
        const edges = each.map((over, index) => edge(`stream-${index}`, 0, over));
        const by = byStream ? policy : null;
        const choice = chooseEdges(edges, by);
        const explained = explainChoice(edges, by);
        const takers = new Set(
          edges.filter(({ ready, busy, full }) => ready && !busy && !full).map(({ name }) => name),
        );
        assert.ok(explained.order.every((name) => takers.has(name)));
        assert.deepEqual(explained.order, choice.type === 'edges' ? choice.names : []);
        const chosen = explained.candidates.find((each) => each.edge === explained.order[0]);
        if (choice.type === 'none') return;
        assert.equal(chosen?.verdict, choice.rule === 'last-resort' ? 'ejected' : 'open');
        const open = explained.candidates.filter(({ verdict }) => verdict === 'open');
        if (choice.rule === 'fewest-clients') assert.ok(open.every(({ load }) => load >= (chosen?.load ?? 0)));
        if (choice.rule === 'stream-home') assert.equal(chosen?.streamOrder, 0);
        if (choice.rule === 'stream-widened') assert.ok((chosen?.streamOrder ?? 0) > 0);
      }),
    );
  });
});

describe('viewers by stream', () => {
  const by = (stream: string, over = {}): ByStream => ({ stream, loadFactor: 1.25, hotFromClients: 4, ...over });
  const edges = (count: number) => names(count).map((name) => edge(name, 0));
  const homeOf = (all: readonly Candidate[], stream: string) => {
    const choice = chooseEdges(all, by(stream));
    return choice.type === 'edges' ? choice.names[0] : null;
  };
  const streams = Array.from({ length: 2000 }, (_, i) => `__defaultVhost__/live/s${i}.flv`);

  it('go to the same edge, in whatever order the edges are given', () => {
    for (const stream of streams.slice(0, 50)) {
      assert.equal(homeOf(edges(5), stream), homeOf(edges(5).reverse(), stream));
    }
    const counts = place(edges(5), 4, by('s'));
    assert.deepEqual([...counts.values()].sort(), [0, 0, 0, 0, 4]);
  });

  it('stay where they are when an edge comes in the place of another', () => {
    for (const stream of streams.slice(0, 200)) {
      const before = homeOf(edges(4), stream);
      const inPlace = edges(4).map((each) => (each.name === 'stream-0' ? { ...each, name: 'stream-0.b' } : each));
      assert.equal(homeOf(inPlace, stream), before === 'stream-0' ? 'stream-0.b' : before);
      const both = [...inPlace, ...edges(4)];
      assert.equal(homeOf(both, stream), before, 'while both are there, one of them is the home');
    }
  });

  it('are spread over the edges by their weights', () => {
    const weighted = [edge('stream-0', 0, { weight: 3 }), edge('stream-1', 0), edge('stream-2', 0)];
    const homes = new Map<string | null, number>();
    for (const stream of streams) homes.set(homeOf(weighted, stream), (homes.get(homeOf(weighted, stream)) ?? 0) + 1);
    const part = (name: string) => (homes.get(name) ?? 0) / streams.length;
    assert.ok(Math.abs(part('stream-0') - 0.6) < 0.05, JSON.stringify([...homes]));
    assert.ok(Math.abs(part('stream-1') - 0.2) < 0.05, JSON.stringify([...homes]));
  });

  it('move only to an edge that joins, and only from one that leaves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.uniqueArray(fc.string(), { maxLength: 60 }), (count, some) => {
        const fewer = edges(count);
        const more = edges(count + 1);
        for (const stream of some) {
          const after = homeOf(more, stream);
          assert.ok(after === homeOf(fewer, stream) || after === `stream-${count}`);
        }
      }),
    );
    const moved = streams.filter((stream) => homeOf(edges(4), stream) !== homeOf(edges(5), stream));
    assert.ok(Math.abs(moved.length / streams.length - 1 / 5) < 0.05, `${moved.length} moved`);
  });

  it('never put an edge above its bound, and stay at home while that has room', () => {
    const arrivals = fc.array(fc.nat(5), { maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), arrivals, fc.constantFrom(1, 1.25, 2), (count, some, loadFactor) => {
        const counts = new Map(names(count).map((name) => [name, 0]));
        for (const [index, stream] of some.entries()) {
          const now = [...counts].map(([name, clients]) => edge(name, clients));
          const choice = chooseEdges(now, by(`s${stream}`, { loadFactor }));
          assert.ok(choice.type === 'edges');
          const [name] = choice.names;
          counts.set(name, (counts.get(name) ?? 0) + 1);
          const bound = Math.max(4, Math.ceil((loadFactor * (index + 1)) / count));
          assert.ok((counts.get(name) ?? 0) <= bound, `${counts.get(name)} above ${bound}`);
          assert.equal(choice.rule === 'stream-widened', name !== homeOf(edges(count), `s${stream}`));
        }
      }),
    );
  });

  it('widen as among equals while edges are young and have few clients', () => {
    const young = (count: number) =>
      edges(count).map((each, i) => ({ ...each, share: i === 0 ? 1 : SLOW_START_FLOOR }));
    for (const stream of ['a', 'b', 'c']) {
      assert.deepEqual(
        [...place(young(3), 9, by(stream)).values()].sort(),
        [...place(edges(3), 9, by(stream)).values()].sort(),
      );
    }
  });

  it('of a hot stream widen to the next edges in its order', () => {
    const counts = [...place(edges(4), 400, by('hot')).values()].sort((a, b) => b - a);
    assert.deepEqual(counts, [125, 125, 125, 25]);
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
