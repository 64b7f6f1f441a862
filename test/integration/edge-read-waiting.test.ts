import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { MAX_WAITING_BYTES, readWaiting } from '@dolphin/edge/net/read-waiting.js';
import { readInto } from '@dolphin/edge/net/shared-reads.js';

/** A socket that is not read, and its peer. */
async function pair(t: TestContext): Promise<{ socket: Socket; peer: Socket }> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  const accepted = once(server, 'connection');
  await once(server, 'listening');
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await accepted) as [Socket];
  t.after(() => {
    for (const each of [socket, peer]) each.destroy();
    server.close();
  });
  return { socket, peer };
}

/** Resolves when the kernel has it, which is where the socket on the same host finds it. */
const send = (peer: Socket, bytes: Buffer) =>
  new Promise<void>((resolve, reject) => void peer.write(bytes, (error) => (error ? reject(error) : resolve())));

describe('what waits for a socket that is not read', () => {
  it('is handed on in order, and then it is to be read on', async (t) => {
    const { socket, peer } = await pair(t);
    await send(peer, Buffer.concat([Buffer.alloc(readInto.length, 1), Buffer.alloc(100, 2)]));
    const got: number[][] = [];
    const readsOn = readWaiting(socket, (bytes) => got.push([bytes, readInto[0] as number]) > 0);
    assert.equal(readsOn, true);
    assert.deepEqual(got, [
      [readInto.length, 1],
      [100, 2],
    ]);
  });

  it('waits on from where it is to rest', async (t) => {
    const { socket, peer } = await pair(t);
    await send(peer, Buffer.concat([Buffer.alloc(readInto.length, 1), Buffer.alloc(100, 2)]));
    assert.equal(
      readWaiting(socket, () => false),
      false,
    );
    const [rest] = (await once(socket.resume(), 'data')) as [Buffer];
    assert.deepEqual([rest.length, rest[0]], [100, 2]);
  });

  it('is left alone once what was read has closed it', async (t) => {
    const { socket, peer } = await pair(t);
    await send(peer, Buffer.alloc(2 * readInto.length, 1));
    let reads = 0;
    const readsOn = readWaiting(socket, () => {
      reads++;
      socket.destroy();
      return true;
    });
    assert.deepEqual([reads, readsOn], [1, true]);
  });

  it('is heard to a bound where it comes faster than it is heard', (t) => {
    const fd = openSync('/dev/zero', 'r');
    t.after(() => closeSync(fd));
    let heard = 0;
    const readsOn = readWaiting({ _handle: { fd } } as unknown as Socket, (bytes) => {
      heard += bytes;
      assert.ok(heard <= MAX_WAITING_BYTES, 'it has no end');
      return true;
    });
    assert.deepEqual([heard, readsOn], [MAX_WAITING_BYTES, true]);
  });

  it('may be nothing, or its end, of which Node tells', async (t) => {
    const { socket, peer } = await pair(t);
    const never = () => assert.fail('nothing was sent');
    assert.equal(readWaiting(socket, never), true);
    const finished = once(peer, 'finish');
    peer.end();
    await finished;
    assert.equal(readWaiting(socket, never), true);
    await once(socket.resume(), 'end');
  });
});
