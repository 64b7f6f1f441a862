import assert from 'node:assert/strict';
import { it } from 'node:test';
import { encodeAmf0, encodeFlvTag, type FlvTag, isAmfObject } from '@dolphin/media';
import { startEdge } from '../../integration/edge-support/edge.js';
import { eventually } from '../../support/eventually.js';
import { FlvPeer } from '../../support/flv-peer.js';
import type { RtmpPeer } from '../../support/rtmp-peer.js';
import { otherHeader, sampleTags } from '../../support/sample-tags.js';
import type { EdgeUnderTest } from './edge-under-test.js';
import { AT_ONCE, isPublished, player, publisher } from './rtmp-support.js';

/** First times of streams: the last before 24 bits are too few, after five hours, and a minute before 31 bits are. */
const FIRST_TIMES = [0xffff00, 5 * 3_600_000, 2 ** 31 - 60_000];

/** MP3 of 44.1 kHz, 16 bits, stereo, and the beginning of a frame of it. */
const MP3_HEAD = Buffer.from('2ffffb90', 'hex');

/** What publishers send, and what of it players get. */
export function rtmpMedia(edge: EdgeUnderTest): void {
  it('pass times of any size on as they are, through an origin and an edge', async (t) => {
    const asTheyAre = { vhost: AT_ONCE.vhost, play: 'mw_latency 0; time_jitter off;' };
    const origin = await startEdge(t, { ...edge, ...asTheyAre });
    const server = await startEdge(t, { ...edge, ...asTheyAre, origins: [origin.address] });
    const { videoHeader, audioHeader, frames } = await sampleTags();
    for (const first of FIRST_TIMES) {
      const name = `t${first}`;
      const { send } = await publisher(t, origin, name);
      const at = (tag: FlvTag) => ({ ...tag, timestamp: first + tag.timestamp });
      // Composition times are in the payload, three bytes behind the packet type: those of B-frames.
      const sent = frames.slice(0, 100).map((tag, i) => at(tag.typeId === 9 && i % 3 === 1 ? later(tag, 80) : tag));
      send(at(videoHeader), at(audioHeader), ...sent.slice(0, 20));
      const peers = [await player(t, origin, name), await player(t, server, name)];
      const flv = new FlvPeer(t, server.flv(name));
      // The edge has the stream, and all three have begun, before the rest comes.
      for (const peer of peers) await peer.next('its first frame', isOf(sent[0]));
      await flv.has('its first frame', isOf(sent[0]));
      send(...sent.slice(20));
      const last = isOf(sent.at(-1));
      for (const peer of peers) await peer.next('the last frame', last);
      await flv.has('the last frame', last);
      const expected = sent.map(textOf);
      for (const got of [...peers.map(({ received }) => received), flv.tags]) {
        const media = got.filter(({ typeId, payload }) => (typeId === 8 || typeId === 9) && payload[1] !== 0);
        assert.deepEqual(media.map(textOf), expected, `from ${first} ms`);
      }
    }
  });

  it('play on for who waits when the publisher comes again, with the headers of the new one', async (t) => {
    const server = await startEdge(t, { ...edge, ...AT_ONCE });
    const { videoHeader, audioHeader, frames } = await sampleTags();
    const first = await publisher(t, server, 's');
    first.send(videoHeader, audioHeader, ...frames.slice(0, 20));
    const peer = await player(t, server, 's');
    const flv = new FlvPeer(t, server.flv('s'));
    await peer.next('a frame', isOf(frames[0]));
    await flv.has('a frame', isOf(frames[0]));
    await first.end();
    const other = otherHeader(videoHeader);
    const second = await publisher(t, server, 's');
    second.send(other, audioHeader, ...frames.slice(0, 20));
    await peer.next('the new header', isOf(other));
    await peer.next('a frame', isOf(frames[0]));
    assert.equal(peer.closed, false);
    if (edge.is === 'srs') {
      // 5.0 unmounts the FLV stream with its publisher, 2.0 leaves its players behind; here they wait as well.
      if (edge.form !== '2015') await eventually(() => flv.closed, { what: 'the FLV player is cut' });
      return;
    }
    await flv.has('the new header', isOf(other));
    await eventually(() => flv.tags.filter(isOf(frames[0])).length === 2, { what: 'a frame over HTTP-FLV' });
    assert.equal(flv.closed, false);
    assertForward(peer);
  });

  it('tell of another codec in the middle of a stream, those that come late, too', async (t) => {
    const server = await startEdge(t, { ...edge, ...AT_ONCE });
    const { videoHeader, audioHeader, frames } = await sampleTags();
    const keys = frames.flatMap((tag, i) => (tag.typeId === 9 && tag.payload[0] === 0x17 ? [i] : []));
    const { send } = await publisher(t, server, 's');
    send(videoHeader, audioHeader, ...frames.slice(0, keys[1]));
    const early = await player(t, server, 's');
    await early.next('the first header', isOf(videoHeader));
    const other = otherHeader(videoHeader);
    send({ ...other, timestamp: frames[keys[1] ?? 0]?.timestamp ?? 0 }, ...frames.slice(keys[1], keys[2]));
    await early.next('the other header', isOf(other));
    await early.next('a frame after it', isOf(frames[keys[1] ?? 0]));
    const late = await player(t, server, 's');
    const video = await late.next('a header', ({ typeId }) => typeId === 9);
    assert.ok(isOf(other)(video), 'the newest header is the first that it gets');
    assert.ok(isOf(frames[keys[1] ?? 0])(await late.next('a frame', ({ typeId }) => typeId === 9)));
  });

  it('go from AAC to MP3, and give those that come late no header of the old codec', async (t) => {
    const server = await startEdge(t, { ...edge, ...AT_ONCE });
    const audioOf = async (name: string) =>
      (await server.api.streams()).streams.find((row) => row.name === name)?.audio ?? null;
    const { videoHeader, audioHeader, frames } = await sampleTags();
    const keys = frames.flatMap((tag, i) => (tag.typeId === 9 && tag.payload[0] === 0x17 ? [i] : []));
    const asMp3 = (tag: FlvTag) => {
      return tag.typeId === 8 ? { ...tag, payload: Buffer.concat([MP3_HEAD, tag.payload.subarray(2)]) } : tag;
    };
    const { send } = await publisher(t, server, 's');
    const early = await player(t, server, 's');
    const last = frames.slice(keys[2], keys[3]).map(asMp3);
    send(videoHeader, audioHeader, ...frames.slice(0, keys[1]), ...frames.slice(keys[1], keys[2]).map(asMp3), ...last);
    await early.next('the last frame', isOf(last.at(-1)));
    assert.ok(early.received.some(isOf(audioHeader)), 'who is there gets it before the frames of that codec');
    // SRS tells of the header that came last.
    assert.equal((await audioOf('s'))?.codec, edge.is === 'srs' ? 'AAC' : 'MP3');
    const mp3 = await publisher(t, server, 'mp3');
    mp3.send(...last);
    // 2.0 tells of AAC alone.
    if (edge.form !== '2015') {
      const audio = await eventually(() => audioOf('mp3'), { what: 'the codec of a stream without headers' });
      assert.deepEqual([audio.codec, audio.sample_rate, audio.channel, audio.profile], ['MP3', 44_100, 2, 'Other']);
    }
    const late = await player(t, server, 's');
    const flv = new FlvPeer(t, server.flv('s'));
    await late.next('the last frame', isOf(last.at(-1)));
    await flv.has('the last frame', isOf(last.at(-1)));
    for (const got of [late.received, flv.tags]) {
      assert.ok(got.some(isOf(videoHeader)));
      assert.ok(got.some(({ typeId, payload }) => typeId === 8 && payload[0] === MP3_HEAD[0]));
      // SRS gives the header that it had last, and a player takes what follows for AAC.
      assert.equal(got.some(isOf(audioHeader)), edge.is === 'srs');
    }
  });

  it('split aggregates, take AMF3 data, and give metadata without its @setDataFrame', async (t) => {
    const server = await startEdge(t, { ...edge, ...AT_ONCE });
    const { videoHeader, audioHeader, frames } = await sampleTags();
    const { send } = await publisher(t, server, 's');
    const values = encodeAmf0('@setDataFrame', 'onMetaData', { width: 640, note: 'of the test' });
    const withFormat = Buffer.concat([Buffer.from([0]), values]);
    if (edge.is === 'srs') {
      // It knows no format byte in front of data, which Flash writes: that publisher is cut.
      const flash = await publisher(t, server, 'flash');
      flash.send({ typeId: 15, timestamp: 0, payload: withFormat });
      await eventually(() => flash.peer.closed, { what: 'the publisher is cut' });
    }
    const payload = edge.is === 'srs' ? values : withFormat;
    send({ typeId: 15, timestamp: 0, payload }, videoHeader, audioHeader);
    const some = frames.slice(0, 12);
    const aggregate = Buffer.concat(some.map(encodeFlvTag));
    // Its own time counts, those of its tags only against each other.
    send({ typeId: 22, timestamp: (some[0]?.timestamp ?? 0) + 7000, payload: aggregate });
    const peer = await player(t, server, 's');
    const metadata = await peer.next('metadata', ({ values: [name] }) => name === 'onMetaData');
    const [, info] = metadata.values;
    assert.ok(isAmfObject(info));
    assert.deepEqual([info['width'], info['note']], [640, 'of the test']);
    for (const tag of some) await peer.next('each of its tags', isOf(tag));
    const got = peer.received.filter(({ typeId, payload: bytes }) => typeId === 9 && bytes[1] === 1);
    const steps = got.map(({ timestamp }) => timestamp - (got[0]?.timestamp ?? 0));
    const own = some.filter(({ typeId }) => typeId === 9);
    assert.deepEqual(
      steps,
      own.map(({ timestamp }) => timestamp - (own[0]?.timestamp ?? 0)),
    );
    assert.ok(await isPublished(server, 's'));
  });
}

const isOf =
  (tag: Pick<FlvTag, 'payload'> | undefined) =>
  ({ payload }: { payload: Buffer }) =>
    tag !== undefined && payload.equals(tag.payload);

/** Time and enough of the payload to tell frames apart. */
function textOf({ typeId, timestamp, payload }: Pick<FlvTag, 'typeId' | 'timestamp' | 'payload'>): string {
  return `${typeId} at ${timestamp}: ${payload.length} bytes, ${payload.toString('hex', 0, 24)}`;
}

/** The same frame, shown that much later than it is decoded. */
function later(tag: FlvTag, compositionMs: number): FlvTag {
  const payload = Buffer.from(tag.payload);
  payload.writeUIntBE(compositionMs, 2, 3);
  return { ...tag, payload };
}

function assertForward({ received }: RtmpPeer): void {
  const times = received.flatMap(({ typeId, timestamp }) => (typeId === 9 ? [timestamp] : []));
  assert.ok(
    times.every((time, i) => i === 0 || time >= (times[i - 1] ?? 0)),
    `times go back: ${times.join(' ')}`,
  );
}
