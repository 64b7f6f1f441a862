import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { Beats } from '@dolphin/edge/app/beats.js';
import { rtmpDial } from '@dolphin/edge/net/rtmp-upstream.js';
import { encodeRtmpRun, MEDIA_CHUNK_SIZE, MessageType, RtmpServerSession } from '@dolphin/media';
import { eventually } from '../support/eventually.js';
import { TurnedClock } from '../support/turned-clock.js';

const MIB = 1024 * 1024;
const FRAMES = 24;
/** More than the kernel keeps of it: behind this the publisher's end has been taken from. */
const TAKEN_BYTES = 12 * MIB;

/** An origin of one publish or play; `bytes`: of the media that it got. */
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
        if (event.type === 'play') session.acceptPlay();
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
  const upstream = rtmpDial(
    clock,
    new Beats(clock),
    () => 60_000,
  )(
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

const BEAT_MS = 350;
const RECEIVE_MS = 5000;
const SMALL = 1000;

/** A pull from it that rests between beats, if `gatherMs` lets it. */
async function restingPull(t: TestContext, gatherMs = BEAT_MS) {
  const { got, port } = await startOrigin(t);
  const clock = new TurnedClock();
  const reads: { numbers: (number | undefined)[]; gathered: boolean | undefined }[] = [];
  const ends: string[] = [];
  let isStarted = false;
  const nothing = () => undefined;
  const upstream = rtmpDial(
    clock,
    new Beats(clock),
    () => 60_000,
  )(
    {
      ...{ mode: 'play', origin: { host: '127.0.0.1', port }, vhost: 'v', app: 'live', stream: 's' },
      ...{ query: '', hops: [], connectTimeoutMs: 5000, receiveTimeoutMs: RECEIVE_MS, gatherMs },
    },
    {
      started: () => {
        isStarted = true;
      },
      media: (messages, gathered) => void reads.push({ numbers: messages.map(({ payload }) => payload[5]), gathered }),
      drained: nothing,
      ended: ({ why }) => void ends.push(why),
    },
  );
  t.after(() => upstream.close());
  await eventually(() => isStarted, { what: 'it plays' });
  const send = async (number: number, bytes = SMALL) => {
    const payload = Buffer.alloc(bytes, number);
    const run = encodeRtmpRun(
      [{ typeId: MessageType.video, timestamp: number, streamId: 1, payload }],
      MEDIA_CHUNK_SIZE,
    );
    await new Promise<void>((resolve) => got.socket?.write(run, () => resolve()));
  };
  const hasRead = (number: number) =>
    eventually(() => reads.some(({ numbers }) => numbers.includes(number)), { what: `message ${number} is read` });
  clock.pass(Math.min(gatherMs, BEAT_MS));
  await send(1);
  await hasRead(1);
  return { upstream, clock, got, reads, ends, send, hasRead };
}

describe('a pull that is read once a beat', () => {
  it('brings what came meanwhile with the next beat, at once', async (t) => {
    const { clock, reads, send, hasRead } = await restingPull(t);
    await send(2);
    await send(3);
    assert.equal(reads.length, 1);
    clock.pass(BEAT_MS);
    await hasRead(3);
    // A key frame: too much to rest again, but it has waited.
    await send(4, 60_000);
    clock.pass(BEAT_MS);
    await hasRead(4);
    assert.deepEqual(
      reads.map(({ gathered }) => gathered),
      [true, true, true],
    );
    await send(5);
    await hasRead(5);
    assert.equal(reads.at(-1)?.gathered, false);
  });

  for (const how of ['end', 'resetAndDestroy'] as const) {
    it(`hears within two beats that its origin is gone (${how})`, async (t) => {
      const { clock, got, ends, send } = await restingPull(t);
      await send(2);
      got.socket?.[how]();
      await eventually(
        () => {
          clock.pass(BEAT_MS);
          return ends.length > 0;
        },
        { what: 'it ends' },
      );
    });
  }

  it('ends at a receive time-out, and not before', async (t) => {
    const { clock, ends, send, hasRead } = await restingPull(t);
    for (let number = 2; number < 40; number++) {
      await send(number);
      clock.pass(BEAT_MS);
      await hasRead(number);
    }
    assert.deepEqual(ends, []);
    clock.pass(RECEIVE_MS);
    assert.deepEqual(ends, ['receive time-out']);
  });

  it('hangs up when it is closed, and hears no more', async (t) => {
    const { upstream, clock, got, reads, ends, send } = await restingPull(t);
    await send(2);
    upstream.close();
    await eventually(() => got.isClosed, { what: 'it hangs up' });
    clock.pass(RECEIVE_MS);
    assert.deepEqual([reads.length, ends.length], [1, 0]);
  });

  it('is read as it comes where a beat is as long as a receive time-out', async (t) => {
    const { clock, reads, ends, send, hasRead } = await restingPull(t, RECEIVE_MS * 2);
    for (let number = 2; number < 6; number++) {
      clock.pass(RECEIVE_MS / 2);
      await send(number);
      await hasRead(number);
    }
    assert.ok(reads.every(({ gathered }) => gathered === false));
    assert.deepEqual(ends, []);
  });
});
