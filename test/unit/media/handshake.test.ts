import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientHandshake, ServerHandshake } from '@dolphin/media';
import fc from 'fast-check';
import { digestC1, digestC2, faultOf } from '../../support/digest-client.js';
import { cut, places } from './media-arbitraries.js';

const c0c1 = () => {
  const bytes = Buffer.alloc(1537, 0x5a);
  bytes[0] = 3;
  return bytes;
};

describe('the handshake', () => {
  it('works between our two ends, cut anywhere, and hands on what follows', () => {
    fc.assert(
      fc.property(places, places, (up, down) => {
        const client = new ClientHandshake();
        const server = new ServerHandshake();
        const toServer = Buffer.concat(client.takeOutput());
        for (const piece of cut(toServer, up)) assert.deepEqual(server.push(piece), { done: false });
        const toClient = Buffer.concat([...server.takeOutput(), Buffer.from('after')]);
        let rest = '';
        for (const piece of cut(toClient, down)) {
          if (rest !== '') break;
          const step = client.push(piece);
          if (step.done) rest = step.rest.toString();
        }
        assert.ok('after'.startsWith(rest));
        const c2 = Buffer.concat([...client.takeOutput(), Buffer.from('then')]);
        const step = server.push(c2);
        assert.ok(step.done && step.rest.toString() === 'then');
      }),
      { numRuns: 30 },
    );
  });

  for (const [scheme, at, digest] of [
    [0, 1350, 'a3804d3427e4755dc3d1122414dc289a76e89b5061388e106b00c2e9ed3f6e65'],
    [1, 278, '7ff26f80296476329e8cb34fa8b3e1ebc67aab282680df12deeed77c69878d1f'],
  ] as const) {
    it(`puts a client’s digest by scheme ${scheme} where others do`, () => {
      const c1 = digestC1(scheme, Buffer.from(Array.from({ length: 1536 }, (_, i) => (i * 7) % 251)));
      assert.equal(c1.toString('hex', at, at + 32), digest);
    });
  }

  it('answers a digest by its own scheme so that a strict client believes it, cut anywhere', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1),
        fc.uint8Array({ minLength: 1536, maxLength: 1536 }),
        places,
        (scheme, filling, at) => {
          const server = new ServerHandshake();
          const c1 = digestC1(scheme, Buffer.from(filling));
          for (const piece of cut(Buffer.concat([Buffer.from([3]), c1]), at)) server.push(piece);
          const answer = Buffer.concat(server.takeOutput());
          assert.equal(faultOf(answer, c1, scheme), null);
          const step = server.push(Buffer.concat([digestC2(answer, scheme), Buffer.from('then')]));
          assert.ok(step.done && step.rest.toString() === 'then');
        },
      ),
      { numRuns: 50 },
    );
  });

  it('answers simply where one byte of the digest’s packet is another, or the version is zero', () => {
    const simple = (c1: Buffer) => {
      const server = new ServerHandshake();
      server.push(Buffer.concat([Buffer.from([3]), c1]));
      return Buffer.concat(server.takeOutput()).subarray(1537).equals(c1);
    };
    fc.assert(
      fc.property(fc.constantFrom(0, 1), fc.integer({ min: 4, max: 1535 }), (scheme, at) => {
        const c1 = digestC1(scheme, Buffer.alloc(1536, 0x33));
        c1[at] = (c1[at] ?? 0) ^ 0x40;
        assert.ok(simple(c1));
      }),
    );
    assert.ok(simple(digestC1(1, Buffer.alloc(1536, 0x33), 0)));
  });

  it('answers a C1 without a valid digest simply: version 3, no server version, S2 is C1', () => {
    const server = new ServerHandshake();
    const hello = c0c1();
    server.push(hello);
    const answer = Buffer.concat(server.takeOutput());
    assert.equal(answer.length, 1 + 1536 * 2);
    assert.equal(answer[0], 3);
    assert.equal(answer.readUInt32BE(5), 0);
    assert.ok(answer.subarray(1537).equals(hello.subarray(1)));
  });

  it('refuses another version, on both sides', () => {
    assert.throws(() => new ServerHandshake().push(Buffer.from([6])), { code: 'handshake' });
    assert.throws(() => new ClientHandshake().push(Buffer.from('HTTP/1.1 400')), { code: 'handshake' });
  });

  it('believes a proxy header only where it is allowed, and only once', () => {
    const header = Buffer.from([0xf3, 0, 4, 10, 1, 2, 3]);
    const server = new ServerHandshake({ allowProxyHeader: true });
    for (const byte of Buffer.concat([header, c0c1()])) server.push(Buffer.from([byte]));
    assert.equal(server.clientAddress, '10.1.2.3');
    assert.equal(Buffer.concat(server.takeOutput()).length, 1 + 1536 * 2);
    assert.throws(() => new ServerHandshake().push(header), { code: 'handshake' });
    const twice = new ServerHandshake({ allowProxyHeader: true });
    assert.throws(() => twice.push(Buffer.concat([header, header])), { code: 'handshake' });
    const huge = new ServerHandshake({ allowProxyHeader: true });
    assert.throws(() => huge.push(Buffer.from([0xf3, 0xff, 0xff])), { code: 'handshake' });
  });
});
