import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientHandshake, ServerHandshake } from '@dolphin/media';
import fc from 'fast-check';
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

  it('answers a complex C1 simply: version 3, no server version, S2 is C1', () => {
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
