import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { encodeAmf0, MessageType } from '@dolphin/media';
import { eventually } from '../support/eventually.js';
import { assertContiguousRun, looped, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { clientsOf, startEdge, streamIsLive, type TestEdge } from './edge-support/edge.js';
import { command, type Hostile, message, open, play, publish, rssMb, rtmp } from './edge-support/hostile.js';

const MIB = 1024 * 1024;
/**
 * An edge at rest has 70 MB; unfinished messages may be 256 MiB, and 256 KiB for each connection beyond; the rest is rings
 * of the streams that are here, and garbage that is not collected yet. Without the bounds each of these clients alone
 * gets it above this.
 */
const MAX_RSS_MB = 800;
const GOOD_SECONDS = 15;

const video = (bytes: number, first = 0x27) => {
  const payload = Buffer.alloc(bytes, 1);
  payload[0] = first;
  return message(MessageType.video, payload);
};

function attack(t: TestContext, edge: TestEdge, bytes: Buffer, reads = true): Hostile {
  const hostile = open(t, edge.rtmpPort, { reads });
  hostile.socket.write(bytes);
  return hostile;
}

const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));

describe('an edge among hostile RTMP clients', () => {
  it('keeps its memory bounded, and its good player misses nothing', async (t) => {
    const source = looped(await sourcePackets(t), 5);
    const edge = await startEdge(t, { maxConnections: 2000, play: 'queue_length 10; mw_latency 350;' });
    const publisher = publishFile(t, edge.rtmp('livestream'), { loop: true });
    await streamIsLive(edge, 'livestream');
    const good = startRecording(t, edge.rtmp('livestream'), { seconds: GOOD_SECONDS });
    await eventually(() => good.soFar().video.length > 10, { what: 'the good player plays' });
    const bounded = (what: string) => {
      const mb = rssMb(edge);
      t.diagnostic(`${what}: ${Math.round(mb)} MB`);
      assert.ok(mb < MAX_RSS_MB, `${what}: ${mb} MB`);
    };

    // They stay while all the others come: half a handshake, or a stream that they do not read.
    many(500, () => attack(t, edge, Buffer.concat([Buffer.from([3]), Buffer.alloc(100)])));
    many(200, () => attack(t, edge, rtmp(play('livestream')), false));
    await eventually(async () => (await clientsOf(edge)).filter(({ type }) => type === 'rtmp-play').length > 200, {
      what: 'they play',
    });
    bounded('half-open and deaf');

    const deep = Buffer.concat([
      encodeAmf0('connect', 1),
      ...Array<Buffer>(15_000).fill(Buffer.from('03000161', 'hex')),
    ]);
    const values = (hex: string) =>
      message(MessageType.commandAmf0, Buffer.concat([encodeAmf0('x', 1), Buffer.from(hex, 'hex')]));
    const refused: Record<string, Buffer> = {
      'a message of 16 MB': rtmp(publish('a'), Buffer.from('04000000ffffff0901000000', 'hex'), Buffer.alloc(MIB)),
      'a message of 1 MB from a player': rtmp(play('a'), video(MIB)),
      'objects in objects': rtmp(message(MessageType.commandAmf0, deep)),
      'a command of 64 KiB of values': rtmp(message(MessageType.commandAmf0, Buffer.alloc(60_000, 5))),
      '33 chunk streams': rtmp(
        publish('b'),
        ...many(64, (id) => message(MessageType.audio, Buffer.of(0xaf, 1), 3 + id)),
      ),
      'createStream without end': rtmp(...many(3000, (id) => command('createStream', id, null))),
      'one stream after the other': rtmp(...many(300, (id) => play(`none-${id}`))),
      'one name after the other': rtmp(...many(300, (id) => publish(`none-${id}`))),
      'media of nobody': rtmp(...many(3000, () => video(20))),
      'an aggregate of 100,000 empty tags': rtmp(publish('c'), message(MessageType.aggregate, Buffer.alloc(1_500_000))),
    };
    const cut = Object.entries(refused).map(([what, bytes]) => attack(t, edge, bytes).cut(what));
    // Values that say more than they have are no error of a command that is whole without them.
    for (const hex of ['0affffffff', '0cffffffff41', '07ffff', '08ffffffff000000']) attack(t, edge, rtmp(values(hex)));
    const pings = Buffer.concat(many(20_000, () => message(MessageType.userControl, Buffer.of(0, 6, 0, 0, 0, 1), 2)));
    const acks = Buffer.concat(many(20_000, () => message(MessageType.ack, Buffer.alloc(4), 2)));
    cut.push(attack(t, edge, rtmp(pings)).cut('pings'), attack(t, edge, rtmp(acks)).cut('acknowledgements'));
    // Who does not read does not learn that it is cut, either.
    many(20, () => attack(t, edge, rtmp(pings), false));
    await Promise.all(cut);
    bounded('refused at once');

    // Publishers of what takes more memory than bytes: no bytes, one byte, headers for each joiner, no key frame ever.
    attack(t, edge, rtmp(publish('empty'), message(MessageType.video, Buffer.alloc(0)), Buffer.alloc(4 * MIB, 0xc4)));
    attack(t, edge, rtmp(publish('tiny'), video(1), Buffer.alloc(4 * MIB, Buffer.from([0xc4, 0x27]))));
    const metadata = message(
      MessageType.dataAmf0,
      encodeAmf0('@setDataFrame', 'onMetaData', { a: 'x'.repeat(3 * MIB) }),
    );
    const header = message(MessageType.video, Buffer.alloc(3 * MIB, Buffer.from([0x17, 0])));
    attack(t, edge, rtmp(publish('headers'), ...many(4, () => metadata), ...many(4, () => header), video(20, 0x17)));
    const random = many(5000, (i) => message(MessageType.video, Buffer.alloc(2000, 0x27), 4, (i * 2654435761) >>> 0));
    attack(t, edge, rtmp(publish('no-key'), ...random));
    for (const name of ['empty', 'tiny', 'headers', 'no-key']) many(3, () => attack(t, edge, rtmp(play(name)), false));

    // More unfinished messages than all connections may hold together: some are cut, and a good publisher is not.
    const unfinished = many(90, (i) => attack(t, edge, rtmp(publish(`u-${i}`), video(4 * MIB - 100).subarray(0, -1))));
    await eventually(() => unfinished.some(({ isClosed }) => isClosed()), { what: 'some are too many' });
    bounded('unfinished messages');

    assertContiguousRun(await good.done, source, { minSeconds: GOOD_SECONDS - 1 });
    assert.equal(publisher.child.exitCode, null, 'the good publisher goes on');
    bounded('at the end');
    const later = startRecording(t, edge.flv('livestream'), { seconds: 3 });
    assertContiguousRun(await later.done, source, { minSeconds: 2, what: 'a later player' });
    assert.doesNotMatch(edge.process.output(), /a connection failed/, 'all bad input was known to be bad');
  });

  it('goes on, and forwards, when one read completes messages of megabytes', async (t) => {
    const origin = await startEdge(t);
    const edge = await startEdge(t, { origins: [origin.address] });
    const large = rtmp(publish('large'), command('ignored', 0, null));
    const hostile = attack(t, edge, large);
    const halves = [4, 5].map((id) => message(MessageType.video, Buffer.alloc(4 * MIB, 0x27), id));
    // Both but for their last bytes, which then come as one.
    const chunks = halves.map((whole, i) => interleaved(whole, 4 + i));
    hostile.socket.write(Buffer.concat(chunks.map(({ first }) => first)));
    hostile.socket.write(Buffer.concat(chunks.map(({ last }) => last)));
    await eventually(
      async () => {
        const { streams } = await origin.api.streams();
        return streams.some(({ name, recv_bytes }) => name === 'large' && recv_bytes >= 8 * MIB);
      },
      { what: 'the origin has both' },
    );
    assert.equal(edge.process.child.exitCode, null);
  });
});

/** A message in two chunks, the second of a few bytes: so that two messages can be unfinished at once. */
function interleaved(whole: Buffer, id: number): { first: Buffer; last: Buffer } {
  const size = whole.length - 12 - 10;
  const setSize = Buffer.alloc(4);
  setSize.writeUInt32BE(size);
  const announce = message(MessageType.setChunkSize, setSize, 2);
  return {
    first: Buffer.concat([announce, whole.subarray(0, 12 + size)]),
    last: Buffer.concat([Buffer.of(0xc0 | id), whole.subarray(12 + size)]),
  };
}
