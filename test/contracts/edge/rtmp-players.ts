import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { type AmfValue, encodeAmf0, encodeMessage, isAmfObject, MessageType, UserControl } from '@dolphin/media';
import { startEdge, type TestEdge } from '../../integration/edge-support/edge.js';
import { digestC1, digestC2, faultOf } from '../../support/digest-client.js';
import { eventually } from '../../support/eventually.js';
import { RtmpPeer } from '../../support/rtmp-peer.js';
import { type SampleTags, sampleTags } from '../../support/sample-tags.js';
import type { EdgeUnderTest } from './edge-under-test.js';
import { AT_ONCE, publisher, tcUrlOf } from './rtmp-support.js';

/** Players, and what both ends say about the connection itself. */
export function rtmpPlayers(edge: EdgeUnderTest): void {
  it('shake hands by digest with who asks for it by either scheme, simply with all others', async (t) => {
    const server = await startEdge(t, edge);
    // A 2.0 of today is built without OpenSSL, whose 3.0 it does not know, and has the simple one alone.
    for (const scheme of edge.form === '2015' ? [] : ([0, 1] as const)) {
      const c1 = digestC1(scheme, Buffer.alloc(1536, 0x5e));
      const c2 = (answer: Buffer) => digestC2(answer, scheme);
      const { peer, handshake } = await RtmpPeer.open(t, server.rtmpPort, { c1, c2 });
      assert.equal(faultOf(handshake, c1, scheme), null, `scheme ${scheme}`);
      peer.command('connect', 1, { app: 'live', tcUrl: tcUrlOf(server) });
      await peer.status('NetConnection.Connect.Success');
    }
    for (const c1 of [Buffer.alloc(1536, 0x5e), Buffer.alloc(1536)]) {
      const { peer, handshake } = await RtmpPeer.open(t, server.rtmpPort, { c1 });
      assert.ok(handshake.subarray(1537).equals(c1), 'S2 is C1');
      peer.command('connect', 1, { app: 'live', tcUrl: tcUrlOf(server) });
      await peer.status('NetConnection.Connect.Success');
    }
  });

  it('say window, bandwidth and chunk size in front of the answer to connect', async (t) => {
    const server = await startEdge(t, edge);
    const { peer } = await RtmpPeer.open(t, server.rtmpPort);
    peer.command('connect', 1, { app: 'live', tcUrl: tcUrlOf(server), objectEncoding: 3 });
    const result = await peer.result(1);
    const before = peer.received.slice(0, peer.received.indexOf(result));
    assert.deepEqual(
      before.map(({ typeId, payload }) => [typeId, payload.toString('hex')]),
      [
        [MessageType.windowAckSize, '002625a0'],
        [MessageType.setPeerBandwidth, '002625a002'],
      ],
    );
    const info = result.values[3] as AmfValue;
    assert.ok(isAmfObject(info));
    assert.equal(info['objectEncoding'], 3);
    await peer.next('onBWDone', ({ values }) => values[0] === 'onBWDone');
  });

  it('get what they ask for answered, played, paused, closed and played again', async (t) => {
    const server = await startEdge(t, { ...edge, ...AT_ONCE });
    const sample = await sampleTags();
    const feed = await feedStream(t, server, 'fed', sample);
    const peer = await RtmpPeer.connected(t, server.rtmpPort, tcUrlOf(server));
    peer.command('createStream', 2, null);
    assert.equal((await peer.result(2)).values[3], 1);
    await play(peer, 'fed');
    const begins = await peer.next('media', ({ typeId }) => typeId === MessageType.dataAmf0);
    assert.equal(begins.values[0], 'onMetaData');
    await peer.next('the video header', ({ payload }) => payload.equals(sample.videoHeader.payload));
    await peer.next('a frame', ({ typeId, payload }) => typeId === MessageType.video && payload[1] === 1);
    // Of no use to a live stream, and answered.
    for (const [transaction, name] of [
      [11, 'seek'],
      [12, 'receiveAudio'],
      [13, 'receiveVideo'],
      [14, '_checkbw'],
      [15, 'whatIsThis'],
    ] as const) {
      peer.onStream(name, transaction, null, false);
      await peer.result(transaction);
    }
    peer.onStream('pause', 0, null, true, 0);
    await peer.status('NetStream.Pause.Notify');
    await peer.next('StreamEOF', isUserControl(UserControl.streamEof));
    // A round trip later nothing of the stream is on its way any more.
    const count = await countAfterAnswer(peer);
    const fed = feed.sent();
    await eventually(() => feed.sent() > fed + 20, { what: 'the stream goes on' });
    assert.equal(await countAfterAnswer(peer), count, 'no media while paused');
    peer.onStream('pause', 0, null, false, 0);
    await peer.status('NetStream.Unpause.Notify');
    await peer.next('StreamBegin', isUserControl(UserControl.streamBegin));
    await peer.next('a frame again', ({ typeId }) => typeId === MessageType.video);
    peer.onStream('closeStream', 0, null);
    const closed = await countAfterAnswer(peer);
    const after = feed.sent();
    await eventually(() => feed.sent() > after + 20, { what: 'the stream goes on' });
    assert.equal(await countAfterAnswer(peer), closed, 'no media when closed');
    peer.command('createStream', 20, null);
    await peer.result(20);
    await play(peer, 'fed');
    await peer.next('a frame once more', ({ typeId }) => typeId === MessageType.video);
    peer.onStream('closeStream', 0, null);
    // And what played publishes.
    peer.command('createStream', 21, null);
    await peer.result(21);
    peer.onStream('publish', 0, null, 'mine', 'live');
    await peer.status('NetStream.Publish.Start');
    await eventually(
      async () => (await server.api.streams()).streams.some(({ name, publish }) => name === 'mine' && publish.active),
      { what: 'it publishes' },
    );
  });

  it('get acknowledgements by their window, pongs for pings, and what they send in pieces of any size', async (t) => {
    const server = await startEdge(t, { ...edge, ...AT_ONCE });
    const sample = await sampleTags();
    const peer = await RtmpPeer.connected(t, server.rtmpPort, tcUrlOf(server));
    peer.send(control(MessageType.windowAckSize, 20_000), 2);
    peer.command('createStream', 2, null);
    await peer.result(2);
    peer.onStream('publish', 0, null, 'mine', 'live');
    await peer.status('NetStream.Publish.Start');
    peer.send(control(MessageType.userControl, 0x00060000, 0x04d20000), 2);
    const pong = await peer.next('a pong', isUserControl(UserControl.pingResponse));
    assert.equal(pong.payload.toString('hex', 2, 6), '000004d2');
    const watcher = await RtmpPeer.connected(t, server.rtmpPort, tcUrlOf(server));
    await play(watcher, 'mine');
    peer.send({ ...sample.videoHeader, streamId: 1 }, 6);
    // The chunk size changes in the middle of a message that another chunk stream has begun.
    const [key, ...frames] = sample.frames.filter(({ typeId }) => typeId === MessageType.video).slice(0, 30);
    assert.ok(key);
    const chunks = encodeMessage({ ...key, streamId: 1 }, 6, 128);
    peer.raw(chunks.subarray(0, 12 + 128));
    peer.send(control(MessageType.setChunkSize, 500), 2);
    const rest = key.payload.subarray(128);
    for (let at = 0; at < rest.length; at += 500) {
      peer.raw(Buffer.concat([Buffer.from([0xc6]), rest.subarray(at, at + 500)]));
    }
    peer.chunkSize = 500;
    for (const frame of frames) peer.send({ ...frame, streamId: 1 }, 6);
    const got = await watcher.next('the key frame', ({ typeId, payload }) => typeId === 9 && payload[1] === 1);
    assert.ok(got.payload.equals(key.payload));
    const last = frames.at(-1);
    await watcher.next('the last frame', ({ payload }) => last !== undefined && payload.equals(last.payload));
    const acks = () => peer.media(MessageType.ack).map(({ payload }) => payload.readUInt32BE(0));
    await eventually(() => acks().length > 1, { what: 'acknowledgements' });
    assert.ok(acks().every((ack, i) => i === 0 || ack > (acks()[i - 1] ?? 0)));
  });
}

function control(typeId: number, ...words: number[]) {
  const payload = Buffer.alloc(words.length * 4);
  words.forEach((word, i) => {
    payload.writeUInt32BE(word, i * 4);
  });
  // A user control message is 16 bits of event and 32 bits of data.
  return { typeId, timestamp: 0, streamId: 0, payload: typeId === 4 ? payload.subarray(0, 6) : payload };
}

const isUserControl =
  (event: number) =>
  ({ typeId, payload }: { typeId: number; payload: Buffer }) =>
    typeId === MessageType.userControl && payload.readUInt16BE(0) === event;

async function play(peer: RtmpPeer, stream: string): Promise<void> {
  peer.onStream('play', 0, null, stream, -2000);
  await peer.next('StreamBegin', isUserControl(UserControl.streamBegin));
  await peer.status('NetStream.Play.Reset');
  await peer.status('NetStream.Play.Start');
  await peer.next('|RtmpSampleAccess', ({ values }) => values[0] === '|RtmpSampleAccess');
  await peer.status('NetStream.Data.Start');
}

/** The media that the peer has when a call is answered: SRS answers pings of players only with media. */
async function countAfterAnswer(peer: RtmpPeer): Promise<number> {
  const transaction = 1000 + peer.received.length;
  peer.onStream('_checkbw', transaction, null);
  await peer.result(transaction);
  return peer.media(MessageType.video).length + peer.media(MessageType.audio).length;
}

/** Publishes the sample, over and over, at its own pace or so. */
async function feedStream(t: TestContext, server: TestEdge, stream: string, sample: SampleTags) {
  const { send } = await publisher(t, server, stream);
  const metadata = Buffer.concat([encodeAmf0('@setDataFrame'), sample.metadata.payload]);
  send({ ...sample.metadata, payload: metadata }, sample.videoHeader, sample.audioHeader);
  let sent = 0;
  const timer = setInterval(() => {
    const frame = sample.frames[sent++ % sample.frames.length];
    if (frame) send(frame);
  }, 10);
  t.after(() => clearInterval(timer));
  return { sent: () => sent };
}
