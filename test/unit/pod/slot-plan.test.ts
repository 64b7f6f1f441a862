import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planSlot, type SlotRunner, type SlotWish } from '@dolphin/pod/domain/slot-plan.js';
import { pickSparePorts, slotClashes, spareClashes } from '@dolphin/pod/domain/spare-ports.js';
import { type EdgeState, shareAPort } from '@dolphin/protocol';
import fc from 'fast-check';

const ports = (place: number) => ({ rtmp: 1000 + place, http: 2000 + place, api: 3000 + place });
const wish = (serial: number, place: number, role: 'stream' | 'back-source' = 'stream'): SlotWish => ({
  serial,
  edge: {
    role,
    slot: 0,
    generation: serial,
    engine: 'builtin',
    ports: ports(place),
    origins: ['127.0.0.1:1935'],
  },
});
const runner = (serial: number, state: EdgeState, place: number): SlotRunner => ({
  serial,
  state,
  ports: ports(place),
});

describe('a slot', () => {
  it('in which nothing is gets its edge', () => {
    assert.deepEqual(planSlot(wish(1, 0), []), [{ type: 'start', isSuccessor: false }]);
    assert.deepEqual(planSlot(null, []), []);
  });

  it('gets a new edge beside the old one when their ports differ, and drains the old one when the new one is ready', () => {
    assert.deepEqual(planSlot(wish(2, 1), [runner(1, 'ready', 0)]), [{ type: 'start', isSuccessor: true }]);
    for (const state of ['starting', 'backing-off', 'gave-up'] as const) {
      assert.deepEqual(planSlot(wish(2, 1), [runner(2, state, 1), runner(1, 'ready', 0)]), [], state);
    }
    const drain = [{ type: 'drain', serial: 1 }];
    assert.deepEqual(planSlot(wish(2, 1), [runner(2, 'ready', 1), runner(1, 'ready', 0)]), drain);
    assert.deepEqual(planSlot(wish(2, 1), [runner(2, 'ready', 1), runner(1, 'draining', 0)]), []);
    const stop = [{ type: 'stop', serial: 1 }];
    assert.deepEqual(planSlot(wish(2, 1), [runner(2, 'ready', 1), runner(1, 'backing-off', 0)]), stop);
  });

  it('stops the old edge first when a port is the same, and always a back source', () => {
    const stop = [{ type: 'stop', serial: 1 }];
    assert.deepEqual(planSlot(wish(2, 0), [runner(1, 'ready', 0)]), stop);
    assert.deepEqual(planSlot(wish(2, 0), [runner(1, 'stopping', 0)]), []);
    assert.deepEqual(planSlot(wish(2, 1, 'back-source'), [runner(1, 'ready', 0)]), stop);
  });

  it('waits for the ports of an edge that drains: its clients were promised a deadline', () => {
    assert.deepEqual(planSlot(wish(2, 0), [runner(1, 'draining', 0)]), []);
  });

  it('has room for two: a third waits for the one that drains, or takes the place of one that never served', () => {
    assert.deepEqual(planSlot(wish(3, 2), [runner(2, 'ready', 1), runner(1, 'draining', 0)]), []);
    assert.deepEqual(planSlot(wish(3, 2), [runner(2, 'gave-up', 1), runner(1, 'ready', 0)]), [
      { type: 'stop', serial: 2 },
    ]);
  });

  it('never has two processes on one port nor a third one, and never loses the one that serves to one that does not', () => {
    const change = fc.oneof(
      fc.record({ type: fc.constant('wish' as const), place: fc.nat(2) }),
      fc.record({ type: fc.constant('empty' as const) }),
      fc.record({
        type: fc.constantFrom('ready' as const, 'gave-up' as const, 'backing-off' as const, 'gone' as const),
        which: fc.nat(1),
      }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        let serial = 0;
        let wanted: SlotWish | null = null;
        let living: SlotRunner[] = [];
        for (const one of changes) {
          if (one.type === 'wish') wanted = wish(++serial, one.place);
          else if (one.type === 'empty') wanted = null;
          else {
            const about = living[one.which];
            if (about === undefined) continue;
            const isLeaving = about.state === 'draining' || about.state === 'stopping';
            // The machine's own rules: what leaves only ends, what serves is not given up without a death.
            if (one.type === 'gone' ? !isLeaving : isLeaving) continue;
            living = living.filter((other) => other !== about);
            if (one.type !== 'gone') living.push({ ...about, state: one.type });
          }
          for (const step of planSlot(wanted, living)) {
            if (step.type === 'start') {
              assert.ok(wanted !== null);
              assert.ok(!living.some((other) => shareAPort(other.ports, wanted?.edge.ports ?? other.ports)));
              living.push({ serial: wanted.serial, state: 'starting', ports: wanted.edge.ports });
              assert.ok(living.length <= 2);
              continue;
            }
            const about = living.find((other) => other.serial === step.serial);
            assert.ok(about !== undefined && about.state !== 'draining' && about.state !== 'stopping');
            const isReplaced = living.some((other) => other.serial === wanted?.serial && other.state === 'ready');
            const isInTheWay = wanted !== null && shareAPort(about.ports, wanted.edge.ports);
            assert.ok(about.state !== 'ready' || isReplaced || isInTheWay);
            living = living.filter((other) => other !== about);
            living.push({ ...about, state: step.type === 'stop' ? 'stopping' : 'draining' });
          }
          // It settles: asked again, it says nothing that it said before.
          assert.deepEqual(
            planSlot(wanted, living).filter((step) => step.type !== 'start'),
            [],
          );
        }
      }),
    );
  });
});

describe('spare ports', () => {
  const spare = { ...ports(0), count: 2 };

  it('are those of the first place of which none is used', () => {
    assert.deepEqual(pickSparePorts(spare, []), ports(0));
    assert.deepEqual(pickSparePorts(spare, [{ rtmp: 9, http: 2000, api: 10 }]), ports(1));
    assert.equal(pickSparePorts(spare, [ports(0), ports(1)]), null);
    assert.equal(pickSparePorts(null, []), null);
  });

  it("of a place that has anybody else's port are known by field and owner", () => {
    const taken = [
      { port: spare.rtmp - 1, by: 'below' },
      { port: spare.rtmp + 1, by: 'a public RTMP port' },
      { port: spare.rtmp + 2, by: 'above' },
      { port: spare.api, by: 'that of metrics.listen' },
    ];
    assert.deepEqual(spareClashes(spare, taken), [
      { field: 'rtmp', port: spare.rtmp + 1, by: 'a public RTMP port' },
      { field: 'api', port: spare.api, by: 'that of metrics.listen' },
    ]);
    const edge = { role: 'stream', slot: 3, generation: 1, engine: 'e', origins: [] } as const;
    const home = { rtmp: 9, http: spare.http, api: 10 };
    assert.deepEqual(slotClashes(spare, { ...edge, origins: [], ports: home }), [
      `sparePorts.http: port ${spare.http} is the HTTP port of stream-3: no edge is started on that place`,
    ]);
    assert.deepEqual(slotClashes(null, { ...edge, origins: [], ports: home }), []);
  });
});
