import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { rtmpDial } from '@dolphin/edge/net/rtmp-upstream.js';
import { MessageType, RtmpServerSession } from '@dolphin/media';
import { eventually } from '../support/eventually.js';
import { TurnedClock } from './edge-support/http-server.js';

const MIB = 1024 * 1024;
const FRAMES = 24;
/** More than the kernel keeps of it: behind this the publisher's end has been taken from. */
const TAKEN_BYTES = 12 * MIB;

/** An origin that takes one publish; `bytes`: of the media that it got. */
async function startOrigin(t: TestContext) {
  const got = { bytes: 0, isClosed: false, socket: null as Socket | null };
  const server = createServer((socket) => {
    got.socket = socket;
    const session = new RtmpServerSession();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      got.isClosed = true;
    });
    socket.on('data', (data: Buffer) => {
      for (const event of session.push(data)) {
        if (event.type === 'connect') session.acceptConnect();
        if (event.type === 'publish') session.acceptPublish();
        if (event.type === 'media') got.bytes += event.message.payload.length;
      }
      const output = session.takeOutput();
      if (output !== null) socket.write(output);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    got.socket?.destroy();
    server.close();
  });
  return { got, port: (server.address() as AddressInfo).port };
}

/** A publish to it that ended while the origin did not read. */
async function endedPublish(t: TestContext) {
  const { got, port } = await startOrigin(t);
  const clock = new TurnedClock();
  let isStarted = false;
  const started = () => {
    isStarted = true;
  };
  const nothing = () => undefined;
  const upstream = rtmpDial(clock, () => 60_000)(
    {
      ...{ mode: 'publish', origin: { host: '127.0.0.1', port }, vhost: 'v', app: 'live', stream: 's' },
      ...{ query: '', hops: [], connectTimeoutMs: 5000, receiveTimeoutMs: 0, gatherMs: 0 },
    },
    { started, media: nothing, drained: nothing, ended: nothing },
  );
  await eventually(() => isStarted, { what: 'it publishes' });
  got.socket?.pause();
  for (let i = 0; i < FRAMES; i++) {
    upstream.send([{ typeId: MessageType.video, timestamp: i, streamId: 1, payload: Buffer.alloc(MIB, 0x27) }]);
  }
  upstream.close();
  return { got, clock };
}

describe('a publish to an upstream that is behind when it ends', () => {
  it('gets to its end while the upstream goes on', async (t) => {
    const { got, clock } = await endedPublish(t);
    got.socket?.resume();
    await eventually(() => got.bytes > TAKEN_BYTES, { what: 'some is taken' });
    clock.pass(1000);
    await eventually(() => got.bytes === FRAMES * MIB, { what: 'all is taken' });
  });

  it('is cut where the upstream takes nothing', async (t) => {
    const { got, clock } = await endedPublish(t);
    await new Promise((resolve) => setImmediate(resolve));
    clock.pass(1000);
    clock.pass(1000);
    got.socket?.resume();
    await eventually(() => got.isClosed, { what: 'it is closed' });
    assert.ok(got.bytes < FRAMES * MIB);
  });
});
