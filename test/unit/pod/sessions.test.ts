import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RefusalTally } from '@dolphin/pod/app/refusal-tally.js';
import { type Ended, Sessions } from '@dolphin/pod/app/sessions.js';
import { ClientLedger } from '@dolphin/pod/domain/client-ledger.js';
import { streamOfRequest } from '@dolphin/pod/domain/relayed-stream.js';
import { SessionTable } from '@dolphin/pod/domain/session-table.js';
import fc from 'fast-check';

const socket = { destroyed: false, destroy: () => undefined };
const client = (id: number, address = '192.0.2.1') => ({ id, protocol: 'rtmp', address, socket }) as const;

function setUp() {
  const written: Ended[] = [];
  const edgesEnded: string[] = [];
  const journal = {
    append: (ended: Ended) => written.push(ended),
    edgeEnded: (edge: string, end: string) => edgesEnded.push(`${edge} ${end}`),
  };
  let now = 0;
  const sessions = new Sessions({ life: 'abc', now: () => now++, journal });
  return { sessions, written, edgesEnded };
}

describe('the table of sessions', () => {
  it('counts what a plain list counts, whatever begins and ends', () => {
    const address = fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2', '');
    const step = fc.oneof(
      fc.record({ type: fc.constant('begin' as const), address }),
      fc.record({ type: fc.constant('end' as const), id: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const table = new SessionTable(new ClientLedger());
        let model: { id: number; address: string }[] = [];
        let nextId = 0;
        for (const one of steps) {
          if (one.type === 'begin') {
            const id = nextId++;
            table.begin({ id, protocol: 'http', address: one.address, acceptedAt: 0 });
            model.push({ id, address: one.address });
          } else {
            assert.equal(table.end(one.id)?.id, model.find(({ id }) => id === one.id)?.id);
            model = model.filter(({ id }) => id !== one.id);
          }
          assert.equal(table.size, model.length);
          const of = (prefix: string) => model.filter((each) => each.address.startsWith(prefix)).length;
          assert.equal(table.countOf('192.0.2.2'), of('192.0.2.2'));
          assert.equal(table.countOf('2001:db8::99'), of('2001:'), 'one /64');
          assert.equal(table.find({ protocol: 'http' }, 3).total, model.length);
          assert.equal(table.find({}, 3).sessions.length, Math.min(3, model.length));
        }
      }),
    );
  });
});

describe('sessions of an edge', () => {
  it('are those of both edges of a slot, or of one of them', () => {
    const ledger = new ClientLedger();
    const table = new SessionTable(ledger);
    const places = ['stream-1', 'stream-1.b', 'stream-10', null];
    places.forEach((edge, id) => {
      table.begin({ id, protocol: 'rtmp', address: '192.0.2.1', acceptedAt: 0 });
      if (edge !== null) ledger.put(id, edge, null);
    });
    const found = (edge: string) => table.find({ edge }, 10).sessions.map(({ id }) => id);
    assert.deepEqual(found('stream-1'), [0, 1]);
    assert.deepEqual(found('stream-1.b'), [1]);
    assert.deepEqual(found('stream-10'), [2]);
    assert.deepEqual(found(''), []);
  });
});

describe('sessions', () => {
  it('end once, with where they were, what they used, and why', () => {
    const { sessions, written } = setUp();
    sessions.begin(client(1));
    sessions.ledger.put(1, 'stream-0', 'relay-1');
    sessions.uses(1, '/live/a', 'play');
    assert.equal(sessions.clientOf('abc-1'), 1);
    sessions.end(1, 'slow', { id: 1, sentBytes: 5, receivedBytes: 6 });
    sessions.end(1, 'error', null);
    assert.equal(written.length, 1);
    assert.deepEqual(written[0], {
      ...{ id: 'abc-1', protocol: 'rtmp', address: '192.0.2.1', edge: 'stream-0', via: 'relay-1' },
      ...{ stream: '/live/a', use: 'play', sentBytes: 5, receivedBytes: 6, end: 'slow' },
      ...{ acceptedAt: '1970-01-01T00:00:00.000Z', endedAt: '1970-01-01T00:00:00.001Z' },
    });
    assert.deepEqual([sessions.count, sessions.ledger.size, sessions.clientOf('abc-1')], [0, 0, null]);
  });

  it('of a relayed edge that ended were not closed by it, whichever is heard of first', () => {
    const { sessions, written, edgesEnded } = setUp();
    for (const id of [1, 2]) {
      sessions.begin(client(id));
      sessions.ledger.put(id, `stream-${id}`, 'relay-0');
    }
    sessions.edgeEnded('stream-1', 'edge-died');
    for (const id of [1, 2]) sessions.end(id, 'edge-closed', null);
    assert.deepEqual(
      written.map(({ end }) => end),
      ['edge-died', 'edge-closed'],
    );
    assert.deepEqual(edgesEnded, ['stream-1 edge-died'], 'the journal mends those told before');
  });

  it('of a relayed client that went on to another edge are not those of the first', () => {
    const { sessions, written } = setUp();
    sessions.begin(client(1));
    sessions.ledger.put(1, 'stream-0', 'relay-0');
    sessions.edgeEnded('stream-0', 'edge-died');
    sessions.routed(1, 'stream-1', 'relay-0');
    sessions.end(1, 'edge-closed', null);
    sessions.routed(1, 'stream-1', 'relay-0');
    assert.deepEqual([written[0]?.edge, written[0]?.end, sessions.ledger.size], ['stream-1', 'edge-closed', 0]);
  });

  it('that were refused leave no trace', () => {
    const { sessions, written } = setUp();
    sessions.begin(client(1));
    sessions.drop(1);
    assert.deepEqual([written.length, sessions.count, sessions.countOf('192.0.2.1')], [0, 0, 0]);
  });

  it('are known by their own id only', () => {
    const { sessions } = setUp();
    sessions.begin(client(1));
    for (const id of ['abd-1', 'abc-2', 'abc-01', '1', 'abc-1x', '']) assert.equal(sessions.clientOf(id), null, id);
  });
});

it('the stream of a relayed request is read from its path, and of none but FLV and playlists of HLS', () => {
  const of = (line: string) => streamOfRequest(Buffer.from(`${line}\r\nHost: a\r\n\r\n`));
  assert.equal(of('GET /live/a.flv HTTP/1.1'), '/live/a');
  assert.equal(of('GET /live/a.b.flv?token=x.flv HTTP/1.0'), '/live/a.b');
  assert.equal(of('GET http://h:80/live/%61.flv HTTP/1.1'), '/live/a');
  assert.equal(of('GET /live/a.m3u8?token=x HTTP/1.1'), '/live/a');
  for (const line of [
    'GET /live/a-1.ts HTTP/1.1',
    'GET / HTTP/1.1',
    'GET /live/%0a.flv HTTP/1.1',
    'GET /%zz.flv HTTP/1.1',
  ]) {
    assert.equal(of(line), null, line);
  }
});

it('refused clients are told of once in an interval, by reason, with an address', () => {
  const told: object[] = [];
  let due: (() => void) | null = null;
  const log = { info: () => undefined, warn: (details: object) => told.push(details), error: () => undefined };
  const timers = {
    monotonic: () => 0,
    after: (_ms: number, fn: () => void) => {
      due = fn;
      return () => undefined;
    },
  };
  const tally = new RefusalTally({ log, timers });
  for (let i = 0; i < 1000; i++) tally.count('denied', `10.0.0.${i % 200}`);
  tally.count('limit-rate', '192.0.2.1');
  assert.equal(told.length, 0);
  (due as (() => void) | null)?.();
  const refused = { denied: { times: 1000, example: '10.0.0.0' }, 'limit-rate': { times: 1, example: '192.0.2.1' } };
  assert.deepEqual(told, [{ refused }]);
  tally.tell();
  assert.equal(told.length, 1, 'nothing new');
  assert.equal(tally.totals.get('denied'), 1000);
});
