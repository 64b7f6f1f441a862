import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Client, Clients, MIN_SILENT_MS } from '@dolphin/edge/app/clients.js';
import { ClientPace, CUT_COST, mediaCost } from '@dolphin/edge/domain/client-pace.js';
import { FlowBudget } from '@dolphin/edge/domain/flow-budget.js';
import { frameKindOf, MAX_HEADER_BYTES } from '@dolphin/edge/domain/frame-kind.js';
import { type Pin, pinsToClose } from '@dolphin/edge/domain/pinned-slabs.js';
import { encodeAmf0, MediaError, OTHER_FRAMES, type RtmpMessage, StreamRing } from '@dolphin/media';
import fc from 'fast-check';

describe('a budget', () => {
  it('lets a burst pass at once, and no more than its rate after that', () => {
    const budget = new FlowBudget({ perSecond: 100, burst: 50 }, 0);
    assert.equal(budget.take(50, 0), 0);
    assert.equal(budget.take(10, 0), 100);
    assert.equal(budget.take(0, 100), 0, 'it is paid');
    assert.equal(budget.take(50, 10_000), 0, 'full again, and no fuller');
    assert.equal(budget.take(1, 10_000), 10);
  });

  it('never lets more pass than burst and rate allow to whoever waits as told', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(100), fc.nat(500)), { maxLength: 50 }), (takes) => {
        const budget = new FlowBudget({ perSecond: 100, burst: 50 }, 0);
        let nowMs = 0;
        let units = 0;
        for (const [want, idleMs] of takes) {
          units += want;
          nowMs += budget.take(want, nowMs) + idleMs;
          assert.ok(units <= 50 + nowMs / 10 + 1e-6, `${units} by ${nowMs} ms`);
        }
      }),
    );
  });
});

describe('the pace of a client', () => {
  const frame = (first: number): RtmpMessage => ({
    typeId: 9,
    timestamp: 0,
    streamId: 1,
    payload: Buffer.from([first, 1, 0, 0, 0, 1]),
  });

  it('is a live source of any frame rate, also after a minute without a line', () => {
    const pace = new ClientPace(0);
    assert.equal(pace.pauseAfter(Array(60 * 120).fill(frame(0x27)), 0), 0);
    for (let ms = 0; ms < 60_000; ms += 100) assert.equal(pace.pauseAfter(Array(34).fill(frame(0x27)), ms), 0);
  });

  it('of tiny messages without end is held back, sooner where each begins a slab', () => {
    assert.ok(new ClientPace(0).pauseAfter(Array(30_000).fill(frame(0x27)), 0) > 0);
    assert.ok(new ClientPace(0).pauseAfter(Array(3_000).fill(frame(0x17)), 0) > 0);
  });

  it('is that of the slabs which its messages begin, whatever codecs it goes to and fro between', () => {
    const of = (typeId: number) => (hex: string) => ({ ...frame(0), typeId, payload: Buffer.from(hex, 'hex') });
    const [avcHeader, otherAvcHeader, avcKey, avc, h263Key, h263] = [
      ...['1700000000', '170000000001', '1701000000', '2701000000', '12', '22'],
    ].map(of(9)) as [RtmpMessage, RtmpMessage, RtmpMessage, RtmpMessage, RtmpMessage, RtmpMessage];
    const [aacHeader, aac, mp3] = ['af001210', 'af01', '2ffffb90'].map(of(8)) as [
      RtmpMessage,
      RtmpMessage,
      RtmpMessage,
    ];
    type Run = readonly [RtmpMessage, number];
    const begins = (runs: readonly Run[]) => {
      const options = { chunkSize: 60_000, maxBytes: 1e6, maxLagMs: 1000, gopCache: true, gopCacheMaxFrames: 100 };
      const ring = new StreamRing(options);
      const messages = runs.flatMap(([message, times]) => Array.from({ length: times }, () => message));
      const slabs = messages.filter((message) => ring.append(message, frameKindOf(message))).length;
      // Key frames of another codec are paid for as what they are, and the frame that takes it back is on top of that.
      assert.ok(slabs * CUT_COST <= mediaCost(messages) * 1.05, `${slabs} slabs`);
      return slabs;
    };
    const start: readonly Run[] = [avcHeader, aacHeader, avcKey].map((message) => [message, 1]);
    const often = (...runs: Run[]) => [...start, ...Array.from({ length: 50 }, () => runs).flat()];
    assert.ok(begins(often([mp3, OTHER_FRAMES], [aac, 1])) > 100);
    assert.ok(begins(often([h263, OTHER_FRAMES], [avc, 1])) > 100);
    assert.ok(begins(often([h263Key, OTHER_FRAMES], [avc, 1])) > 1000);
    const all = [avcHeader, otherAvcHeader, avcKey, avc, h263Key, h263, aacHeader, aac, mp3];
    const run = fc.tuple(
      fc.constantFrom(...all),
      fc.constantFrom(1, 2, OTHER_FRAMES - 1, OTHER_FRAMES, OTHER_FRAMES + 1),
    );
    fc.assert(fc.property(fc.array(run, { maxLength: 60 }), (runs) => void begins([...start, ...runs])));
  });

  it('of asking is a client, not a flood', () => {
    const pace = new ClientPace(0);
    pace.asked(60, 0);
    for (let s = 1; s < 100; s++) pace.asked(60 + s * 50, s * 1000);
    assert.throws(() => pace.asked(100_000, 100_000), MediaError);
  });
});

describe('slabs that only slow players hold', () => {
  const pin = fc.record({
    slab: fc.constantFrom('a', 'b', 'c', 'd'),
    sinceMs: fc.nat(100),
  });
  const sizes: Record<string, number> = { a: 1, b: 10, c: 100, d: 1000 };
  const held = (pins: readonly Pin[]) =>
    [...new Set(pins.map(({ slab }) => slab))].reduce((sum, s) => sum + (sizes[s] ?? 0), 0);

  it('go until they are within the limit, those of the longest standing first, and no player for nothing', () => {
    fc.assert(
      fc.property(fc.array(pin, { maxLength: 20 }), fc.nat(1200), (shapes, limit) => {
        const pins = shapes.map((each) => ({ ...each, bytes: sizes[each.slab] ?? 0 }));
        const closed = pinsToClose(pins, limit);
        const stay = pins.filter((each) => !closed.includes(each));
        assert.ok(held(stay) <= limit);
        if (held(pins) <= limit) assert.deepEqual(closed, []);
        const youngest = Math.max(0, ...closed.map(({ sinceMs }) => sinceMs));
        assert.ok(stay.every(({ sinceMs }) => sinceMs >= youngest));
      }),
    );
  });
});

describe('headers', () => {
  it('above their limit are passed on, but not kept for joiners', () => {
    const large = Buffer.alloc(MAX_HEADER_BYTES + 1);
    const of = (typeId: number, payload: Buffer) => frameKindOf({ typeId, timestamp: 0, streamId: 1, payload });
    const metadata = encodeAmf0('onMetaData', { a: 'x'.repeat(MAX_HEADER_BYTES) });
    assert.equal(of(18, metadata), 'data');
    assert.equal(of(18, encodeAmf0('onMetaData', { a: 'x' })), 'metadata');
    large.set([0x17, 0]);
    assert.equal(of(9, large), 'video');
    large.set([0x17, 1]);
    assert.equal(of(9, large), 'key-frame');
    large.set([0xaf, 0]);
    assert.equal(of(8, large), 'audio');
  });
});

describe('an edge that is full', () => {
  let made = 0;
  function client(sinceMs: number, stream: string | null, asks?: Client['asks']) {
    const closed: string[] = [];
    const key = stream === null ? null : { vhost: 'v', app: 'live', stream };
    const fake = {
      id: `c${++made}`,
      sinceMs,
      key,
      ...(asks !== undefined && { asks }),
      sentBytes: 1,
      receivedBytes: 2,
      close: (end: string) => closed.push(end),
    };
    return { fake: fake as unknown as Client, closed };
  }

  it('makes room by the oldest client that has not said what it wants, once it had time to', () => {
    const clients = new Clients(3);
    const [player, silent, young] = [client(0, 's'), client(10, null), client(20, null)];
    for (const { fake } of [player, silent, young]) clients.add(fake);
    assert.ok(clients.isFull);
    assert.equal(clients.makeRoom(10 + MIN_SILENT_MS - 1), false);
    assert.equal(clients.makeRoom(10 + MIN_SILENT_MS), true);
    assert.deepEqual([player.closed, silent.closed, young.closed], [[], ['limit'], []]);
    assert.equal(clients.count, 2);
    assert.deepEqual(clients.totals(), { sent: 3, received: 6 }, 'its bytes stay counted');
    assert.equal(clients.makeRoom(10 + MIN_SILENT_MS), false, 'the next one is too young');
  });

  it('cuts nobody in the middle of an answer, and who waits for the next segment last', () => {
    const clients = new Clients(3);
    const [answered, kept, never] = [client(0, null, 'answered'), client(1, null, 'kept'), client(2, null, 'never')];
    for (const { fake } of [answered, kept, never]) clients.add(fake);
    assert.deepEqual([clients.makeRoom(1e9), never.closed, kept.closed], [true, ['limit'], []]);
    assert.deepEqual([clients.makeRoom(1e9), kept.closed], [true, ['limit']]);
    assert.deepEqual([clients.makeRoom(1e9), answered.closed], [false, []]);
  });

  it('stays full of players', () => {
    const clients = new Clients(1);
    clients.add(client(0, 's').fake);
    assert.equal(clients.makeRoom(1e9), false);
  });
});
