import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { UpstreamEvents } from '@dolphin/edge/app/upstream.js';
import { RtmpConnection } from '@dolphin/edge/net/rtmp-connection.js';
import { ChunkReader, MessageType, type RtmpMessage } from '@dolphin/media';
import { eventually } from '../support/eventually.js';
import { command, message, open, play, publish, rtmp } from './edge-support/hostile.js';
import { startServer } from './edge-support/http-server.js';

const EDGE = 'cluster { mode remote; origin 127.0.0.1:2; }';
const SOUND = message(MessageType.audio, Buffer.from([0xaf, 1]));
const KIB_OF_SOUND = Buffer.alloc(1024, 0xaf);
/** More than a live source says in ten seconds. */
const FLOOD = Buffer.concat(Array(60_000).fill(SOUND));
const WIDE = 64 * 1024 * 1024;

/** A server of RTMP connections, whose upstream does as the test says, and a client on it. */
async function stage(t: TestContext, vhost: string, first: Buffer, o: { reads: boolean }) {
  const upstream = { takes: true, events: null as UpstreamEvents | null, sent: [] as number[] };
  const asked: ((body: string) => void)[] = [];
  const sockets: Socket[] = [];
  const server = await startServer(t, {
    vhost,
    serve: (socket, context) => {
      sockets.push(socket);
      new RtmpConnection(socket, context, { handedOff: false });
    },
    dial: (_, events) => {
      upstream.events = events;
      const send = (messages: readonly RtmpMessage[]) => {
        for (const { timestamp } of messages) upstream.sent.push(timestamp);
        return upstream.takes;
      };
      return { close: () => undefined, send };
    },
    post: (_url, _body, onAnswer) => {
      asked.push((body) => onAnswer({ status: 200, body }));
      return () => undefined;
    },
  });
  const client = open(t, server.port, o);
  client.socket.write(first);
  await once(client.socket, 'connect');
  await eventually(() => sockets.length === 1, { what: 'it is accepted' });
  return { ...server, client, upstream, asked, socket: sockets[0] as Socket };
}

async function publisher(t: TestContext) {
  const made = await stage(t, EDGE, rtmp(publish('s')), { reads: true });
  await eventually(() => made.upstream.events !== null, { what: 'it is sent on' });
  const events = made.upstream.events as UpstreamEvents;
  events.started();
  return { ...made, events };
}

describe('an RTMP connection', () => {
  it('that says too much is not read for its time, whatever its upstream takes meanwhile', async (t) => {
    const { client, socket, events, clock } = await publisher(t);
    client.socket.write(FLOOD);
    await eventually(() => socket.isPaused(), { what: 'it is held back' });
    events.drained();
    assert.equal(socket.isPaused(), true);
    clock.pass(2000);
    assert.equal(socket.isPaused(), false);
  });

  it('whose upstream is behind is not read until that has gone on, whatever its pace', async (t) => {
    const { client, socket, events, upstream, clock } = await publisher(t);
    client.socket.write(FLOOD);
    await eventually(() => socket.isPaused(), { what: 'it is held back' });
    upstream.takes = false;
    const before = socket.bytesRead;
    clock.pass(2000);
    await eventually(() => socket.bytesRead > before && socket.isPaused(), { what: 'it is read on, and waits' });
    clock.pass(2000);
    assert.equal(socket.isPaused(), true);
    upstream.takes = true;
    events.drained();
    assert.equal(socket.isPaused(), false);
  });

  it('that publishes is read once a slab’s time, and its end shows at once to who asks for it', async (t) => {
    const { client, socket, context, clock } = await stage(t, '', rtmp(publish('s')), { reads: true });
    await eventually(() => [...context.clients.all()][0]?.client.type === 'flash-publish', { what: 'it publishes' });
    const say = async () => {
      const before = socket.bytesRead;
      client.socket.write(SOUND);
      await eventually(() => socket.bytesRead === before + SOUND.length, { what: 'it is read' });
    };
    await say();
    clock.pass(350);
    for (let beat = 0; beat < 3; beat++) {
      await say();
      assert.equal(socket.isPaused(), true);
      clock.pass(350);
      assert.equal(socket.isPaused(), false);
    }
    await say();
    client.socket.destroy();
    const key = { vhost: '__defaultVhost__', app: 'live', stream: 's' };
    assert.equal(context.streams.isPublished(key), true);
    const looked = context.streams.lookAtPublisher(key);
    assert.ok(looked);
    await eventually(() => !context.streams.isPublished(key), { what: 'its end is heard' });
    clock.pass(25);
    await looked;
    assert.equal(context.streams.lookAtPublisher(key), null);
  });

  it('that publishes is read into memory that all share, and not at all while it waits', async (t) => {
    const { client, socket, context, clock, open } = await stage(t, '', rtmp(publish('s')), { reads: true });
    await eventually(() => [...context.clients.all()][0]?.client.type === 'flash-publish', { what: 'it publishes' });
    let emitted = 0;
    socket.prependListener('data', () => emitted++);
    clock.pass(350);
    client.socket.write(SOUND);
    await eventually(() => socket.isPaused(), { what: 'it waits for its beat' });
    const before = socket.bytesRead;
    client.socket.write(SOUND);
    // Another one that came after it is served: the server has looked at all its sockets since.
    const other = await open();
    other.socket.write(rtmp(play('s')));
    await eventually(() => other.bytes().length > 2 * 1536 + 1, { what: 'and is answered' });
    assert.equal(socket.bytesRead, before);
    clock.pass(350);
    await eventually(() => socket.bytesRead === before + SOUND.length, { what: 'it is read' });
    assert.equal(emitted, 0);
  });

  it('is read on while it is asked about, up to a bound, and heard after the answer', async (t) => {
    const hook = 'http_hooks { enabled on; on_publish http://127.0.0.1:1/; }';
    const { asked, client, socket, context } = await stage(t, hook, rtmp(publish('s')), { reads: true });
    await eventually(() => asked.length === 1, { what: 'it is asked about' });
    client.socket.write(SOUND);
    const before = socket.bytesRead;
    await eventually(() => socket.bytesRead > before, { what: 'it is read' });
    client.socket.write(FLOOD);
    await eventually(() => socket.isPaused(), { what: 'it says too much' });
    assert.ok(socket.bytesRead - before < 200 * 1024, `${socket.bytesRead} bytes`);
    asked[0]?.('0');
    const [first] = [...context.clients.all()];
    await eventually(() => first?.client.key !== null, { what: 'it publishes' });
    await eventually(() => socket.bytesRead - before >= 200 * 1024, { what: 'it is heard' });
    assert.equal(context.trouble.badInput, 0);
  });

  it('is heard in order, though it waits for its upstream after it was asked about', async (t) => {
    const hook = `${EDGE} http_hooks { enabled on; on_publish http://127.0.0.1:1/; }`;
    const { asked, client, socket, context, upstream } = await stage(t, hook, rtmp(publish('s')), { reads: true });
    await eventually(() => asked.length === 1, { what: 'it is asked about' });
    const times = Array.from({ length: 1000 }, (_, i) => i);
    client.socket.write(Buffer.concat(times.map((time) => message(MessageType.audio, KIB_OF_SOUND, 4, time))));
    await eventually(() => socket.isPaused() && socket.readableLength > 0, { what: 'it says too much' });
    asked[0]?.('0');
    await eventually(() => upstream.events !== null, { what: 'it is sent on' });
    upstream.events?.started();
    await eventually(() => upstream.sent.length === times.length || context.trouble.badInput > 0, {
      what: 'it is heard',
    });
    assert.deepEqual(upstream.sent, times);
  });

  it('is told why it ends, however much it sends meanwhile', async (t) => {
    const { client, socket, events, context } = await publisher(t);
    const got: Buffer[] = [];
    client.socket.on('data', (data: Buffer) => got.push(data));
    events.ended({ how: 'refused', code: 'NetStream.Publish.BadName', why: 'it is taken' });
    client.socket.write(FLOOD);
    await eventually(() => socket.bytesRead > FLOOD.length, { what: 'all of it is read' });
    assert.equal(context.trouble.badInput, 0);
    await eventually(() => Buffer.concat(got).includes('it is taken'), { what: 'it is told' });
  });

  it('that plays may ask in the middle of a key frame of megabytes', async (t) => {
    const { client, socket, context } = await stage(t, '', rtmp(play('s')), { reads: false });
    const settings = context.settings.vhosts.get('__defaultVhost__');
    assert.ok(settings);
    const source = {
      id: 'it',
      ready: () => undefined,
      resume: () => undefined,
      look: () => false,
      end: () => undefined,
    };
    const key = { vhost: settings.name, app: 'live', stream: 's' };
    await eventually(() => context.streams.count === 1, { what: 'it plays' });
    const path = context.streams.publish({ key, settings, query: '', hops: [] }, source);
    assert.ok(typeof path === 'object');
    for (let at = 0; socket.writableLength < 2 * 1024 * 1024; at += 1000) {
      const payload = Buffer.alloc(3 * 1024 * 1024);
      payload.set([0x17, 1]);
      path.media([{ typeId: MessageType.video, timestamp: at, streamId: 1, payload }]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const before = socket.bytesRead;
    const asks = command('getStreamLength', 7, null, 's');
    client.socket.write(asks);
    await eventually(() => socket.bytesRead === before + asks.length, { what: 'it is read' });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(socket.destroyed, false);
  });

  it('that played for its duration is left time to read it all, and is cut when it reads nothing', async (t) => {
    const asks = rtmp(command('play', 0, null, 's', -2000, 100));
    const { client, context, clock, socket, open } = await stage(t, '', asks, { reads: false });
    const deaf = await open();
    deaf.socket.pause();
    deaf.socket.write(asks);
    const clients = () => [...context.clients.all()].filter(({ client: each }) => each.key !== null);
    await eventually(() => clients().length === 2, { what: 'both play' });
    const settings = context.settings.vhosts.get('__defaultVhost__');
    assert.ok(settings);
    const request = { key: { vhost: settings.name, app: 'live', stream: 's' }, settings, query: '', hops: [] };
    const none = () => undefined;
    const path = context.streams.publish(request, { id: 'p', ready: none, end: none, resume: none, look: () => false });
    if (typeof path === 'string') assert.fail(path);
    const frame = (timestamp: number, bytes: number) => {
      const payload = Buffer.alloc(bytes, timestamp & 0xff);
      payload.set([0x17, 1]);
      path.media([{ typeId: MessageType.video, timestamp, streamId: 1, payload }]);
    };
    // More than the kernel takes of whom nobody reads.
    for (const [at, bytes] of [
      [0, 100],
      [50, 100],
      [150, 15 * 1024 * 1024],
      [200, 100],
    ] as const)
      frame(at, bytes);
    clock.pass(1000);
    await eventually(() => socket.writableEnded, { what: 'its duration is over' });
    const messages: RtmpMessage[] = [];
    const reader = new ChunkReader({ maxMessageBytes: WIDE, maxPartialBytes: WIDE });
    let shaken = 2 * 1536 + 1;
    client.socket.on('data', (data: Buffer) => {
      const skipped = Math.min(shaken, data.length);
      shaken -= skipped;
      if (skipped < data.length) messages.push(...reader.push(data.subarray(skipped)));
      // It has a word to say, as players do.
      client.socket.write(message(MessageType.ack, Buffer.from([0, 0, 0, 1]), 2));
    });
    let looks = 0;
    const isOver = () => {
      // A little at a time: the clock goes on, and goodbye is long over.
      client.socket.resume();
      setImmediate(() => client.socket.pause());
      clock.pass(looks++ < 20 ? 1000 : 0);
      context.streams.watch(clock.now());
      return messages.some(({ payload }) => payload.length > 100_000);
    };
    await eventually(isOver, { what: 'it has all of it' });
    client.socket.resume();
    await eventually(() => client.isClosed(), { what: 'the server hangs up' });
    const frames = messages.filter(({ typeId }) => typeId === MessageType.video);
    assert.deepEqual(
      frames.map(({ timestamp, payload }) => [timestamp, payload.length]),
      [
        [0, 100],
        [50, 100],
        [150, 15 * 1024 * 1024],
      ],
    );
    const isCut = () => {
      clock.pass(1000);
      context.streams.watch(clock.now());
      return context.clients.count === 0;
    };
    await eventually(isCut, { what: 'who reads nothing is cut' });
  });
});
