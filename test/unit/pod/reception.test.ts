import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientSocket, FirstBytesReader } from '@dolphin/pod/app/ports.js';
import { type KnownOfClient, MAX_READING, Reception } from '@dolphin/pod/app/reception.js';

function setUp(o: { fronts?: boolean; httpByStream?: boolean; hasHttpEdge?: () => boolean; seats?: number }) {
  const reads = new Map<ClientSocket, { say(text: string): void; end(how: 'late' | 'left'): void }>();
  const seen = { accepted: [] as KnownOfClient[], refused: [] as string[], held: 0 };
  const reader: FirstBytesReader = {
    read(socket, { judge }, done) {
      reads.set(socket, {
        say: (text) => {
          const verdict = judge(Buffer.from(text, 'latin1'));
          if (verdict !== null) done(verdict);
        },
        end: done,
      });
      return () => void reads.delete(socket);
    },
  };
  const reception = new Reception({
    reader,
    accept: (_socket, _protocol, known) => seen.accepted.push(known),
    refuse: (_newcomer, { reason, status }) => seen.refused.push(`${reason} ${status}`),
    turnAway: ({ address }, reason) => seen.refused.push(`${reason} ${address}`),
    limits: {
      hold: () => {
        if (seen.held >= (o.seats ?? MAX_READING)) return 'limit-clients';
        seen.held += 1;
        return null;
      },
      release: () => {
        seen.held -= 1;
      },
    },
    fronts: o.fronts === true ? [{ family: 4, words: [0x7f000000], bits: 8 }] : [],
    httpByStream: o.httpByStream === true,
    hasHttpEdge: () => o.hasHttpEdge?.() === true,
    vhosts: new Set(),
  });
  const come = (protocol: 'rtmp' | 'http') => {
    const socket: ClientSocket = { destroyed: false, remoteAddress: '::ffff:127.0.0.9', destroy: () => undefined };
    reception.onClient(socket, protocol);
    return reads.get(socket);
  };
  return { reception, reads, seen, come };
}

describe('the reception of clients', () => {
  it('reads nothing of a client of which nothing need be known', () => {
    const { come, reads, seen } = setUp({ httpByStream: true });
    come('rtmp');
    assert.deepEqual([reads.size, seen.accepted], [0, [{}]]);
  });

  it('passes on what it read, and refuses what cannot be read', () => {
    const { come, seen, reception } = setUp({ httpByStream: true });
    const request = 'GET /live/a.flv HTTP/1.1\r\n\r\n';
    const good = come('http');
    good?.say(request.slice(0, 20));
    assert.deepEqual([seen.accepted.length, reception.reading], [0, 1]);
    good?.say(request);
    assert.deepEqual(seen.accepted, [
      {
        ...{ address: '127.0.0.9', isAdmitted: true },
        ...{ stream: '__defaultVhost__/live/a.flv', head: Buffer.from(request) },
      },
    ]);
    come('http')?.say('\x03\r\n\r\n');
    come('http')?.end('late');
    come('http')?.end('left');
    assert.deepEqual(seen.refused, ['request-bad 400', 'first-words-late 408']);
    assert.equal(reception.reading, 0);
  });

  it('reads heads of HTTP while there is an http edge, and says which clients are its', () => {
    let isThere = false;
    const { come, seen, reads } = setUp({ hasHttpEdge: () => isThere });
    come('http');
    assert.deepEqual([reads.size, seen.accepted], [0, [{}]]);
    isThere = true;
    come('rtmp');
    const known = (path: string) => {
      come('http')?.say(`GET ${path} HTTP/1.1\r\n\r\n`);
      const last = seen.accepted.at(-1);
      return [last?.role, last?.stream];
    };
    assert.deepEqual(known('/live/a.m3u8'), ['http', undefined]);
    assert.deepEqual(known('/live/a.flv'), [undefined, undefined]);
    const late = come('http');
    isThere = false;
    late?.say('GET /live/a.ts HTTP/1.1\r\n\r\n');
    assert.equal(seen.accepted.at(-1)?.role, undefined, 'it went meanwhile');
    assert.equal(seen.held, 0);
  });

  it('asks the limits before it reads, and holds a seat for who is being read', () => {
    const { come, seen, reads } = setUp({ httpByStream: true, seats: 2 });
    const first = come('http');
    const second = come('http');
    assert.equal(come('http'), undefined, 'nothing is read of it');
    assert.deepEqual([reads.size, seen.held, seen.refused], [2, 2, ['limit-clients 127.0.0.9']]);
    first?.end('left');
    second?.say('GET /live/a.flv HTTP/1.1\r\n\r\n');
    assert.deepEqual([seen.held, seen.accepted.length], [0, 1]);
  });

  it('leaves it to the router to ask them for the clients of a front, whose address is in a header', () => {
    const { come, seen, reads } = setUp({ fronts: true, httpByStream: true, seats: 0 });
    come('http');
    assert.deepEqual([reads.size, seen.held, seen.refused], [1, 0, []]);
  });

  it('gives up the one that it has read for longest when there are too many', () => {
    const { come, seen, reception, reads } = setUp({ fronts: true });
    for (let i = 0; i < MAX_READING; i++) come('rtmp');
    assert.deepEqual([reception.reading, seen.refused], [MAX_READING, []]);
    const first = [...reads.keys()][0];
    come('rtmp');
    assert.deepEqual([reception.reading, seen.refused], [MAX_READING, ['too-many-reading 503']]);
    assert.ok(first !== undefined && !reads.has(first));
  });
});
