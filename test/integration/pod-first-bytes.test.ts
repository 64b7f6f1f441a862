import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { it, type TestContext } from 'node:test';
import { firstBytesReader } from '@dolphin/pod/process/first-bytes.js';
import { refuseWords } from '@dolphin/pod/process/public-listener.js';
import { eventually } from '../support/eventually.js';

/** A client that said `first`, and its accepted socket, of which nothing is read. */
async function accept(t: TestContext, first: string) {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: false });
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  t.after(() => client.destroy());
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [Socket];
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  client.write(first);
  return { client, socket };
}

const CUT = 'GET /live/a.flv HTTP/1.1\r\n';
const REST = 'Host: a\r\n\r\n';
const refused = { status: 503, why: 'others came' };

it('a client that is given up is read on while it is refused', async (t) => {
  const { client, socket } = await accept(t, CUT);
  const cancel = firstBytesReader.read(socket, { judge: () => null, withinMs: 60_000 }, () => assert.fail('given up'));
  await eventually(() => socket.bytesRead === CUT.length, { what: 'its first bytes are read' });
  cancel();
  refuseWords(socket, 'http', refused);
  client.write(REST);
  await eventually(() => socket.bytesRead === CUT.length + REST.length, { what: 'the rest is read, too' });
});

it('a client that is late is read on while it is refused', async (t) => {
  const { client, socket } = await accept(t, CUT);
  const late = new Promise<void>((resolve) => {
    firstBytesReader.read(socket, { judge: () => null, withinMs: 1 }, (outcome) => {
      assert.equal(outcome, 'late');
      refuseWords(socket, 'http', refused);
      resolve();
    });
  });
  await late;
  client.write(REST);
  await eventually(() => socket.bytesRead === CUT.length + REST.length, { what: 'all of it is read' });
});
