import { type AmfValue, ChunkWriter, encodeAmf0, encodeFlvTag, MessageType, type RtmpMessage } from '@dolphin/media';
import { below, pick, type Random } from './fuzz-mutate.js';
import { smallTags } from './fuzz-seeds.js';

/** C0, C1 and C2 of a client that does not care, or S0, S1 and S2. */
export const HANDSHAKE = Buffer.concat([Buffer.from([3]), Buffer.alloc(2 * 1536)]);

const CHUNK_STREAMS = [2, 3, 4, 6, 63, 64, 65, 319, 320, 65_599];
const TIMES = [0, 1, 40, 0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0xfffffff0];
const LENGTHS = [1, 3, 4, 5, 127, 128, 129, 257, 1000, 5000, 70_000, 4 << 20, 0];
const TYPES = [...Array(6).fill(MessageType.video), MessageType.audio, MessageType.abort, MessageType.setChunkSize];
const MAX_CHUNKS = 40;
/** Chunks longer than this leave their message open: it is what follows them that matters. */
const MOST_OF_A_CHUNK = 300;

interface OpenMessage {
  left: number;
  length: number;
  extended: Buffer;
}

/** Chunks of some messages at once, in each form of header that a peer may choose; and now and then one that it may not. */
export function chunkProgram(random: Random): Buffer {
  const streams = new Map<number, OpenMessage>();
  const parts: Buffer[] = [];
  let chunkSize = 128;
  for (let left = 1 + below(random, MAX_CHUNKS); left > 0; left--) {
    const csid = pick(random, CHUNK_STREAMS);
    const known = streams.get(csid);
    const goesOn = known !== undefined && known.left > 0;
    const fmt = chunkForm(random, known !== undefined, goesOn);
    const length = goesOn ? known.length : fmt > 1 ? (known?.length ?? 0) : pick(random, LENGTHS);
    const typeId = pick(random, TYPES) as number;
    const header = chunkHeader({ fmt, csid, length, typeId, time: pick(random, TIMES) }, random);
    const extended = fmt === 3 ? (known?.extended ?? Buffer.alloc(0)) : header.extended;
    const missing = Math.min(chunkSize, goesOn ? known.left : length);
    const payload = Buffer.alloc(Math.min(missing, MOST_OF_A_CHUNK), below(random, 256));
    if (typeId === MessageType.setChunkSize && fmt < 2 && length >= 4 && missing >= 4) {
      chunkSize = pick(random, [1, 64, 128, 1000, 60_000]);
      payload.writeUInt32BE(chunkSize);
    } else if (typeId === MessageType.abort && missing >= 4) {
      payload.writeUInt32BE(pick(random, [...streams.keys(), 77]));
    }
    // Some leave the extended time out of what goes on.
    parts.push(header.bytes, goesOn && random() < 0.3 ? Buffer.alloc(0) : extended, payload);
    streams.set(csid, { length, extended, left: (goesOn ? known.left : length) - payload.length });
    if (payload.length < missing) break;
  }
  return Buffer.concat(parts);
}

function chunkForm(random: Random, isKnown: boolean, goesOn: boolean): number {
  if (random() < 0.03) return below(random, 4);
  if (goesOn) return 3;
  return isKnown ? below(random, 4) : random() < 0.9 ? 0 : 1;
}

interface HeaderFields {
  fmt: number;
  csid: number;
  length: number;
  typeId: number;
  time: number;
}

function chunkHeader({ fmt, csid, length, typeId, time }: HeaderFields, random: Random) {
  const basic = csid < 64 ? [csid] : csid < 320 ? [0, csid - 64] : [1, (csid - 64) & 0xff, (csid - 64) >> 8];
  basic[0] = (fmt << 6) | (basic[0] as number);
  const fields = Buffer.alloc(11);
  fields.writeUIntBE(Math.min(time, 0xffffff), 0, 3);
  fields.writeUIntBE(length, 3, 3);
  fields[6] = typeId;
  fields.writeUInt32LE(below(random, 3), 7);
  const extended = Buffer.alloc(time >= 0xffffff ? 4 : 0);
  if (extended.length > 0) extended.writeUInt32BE(time);
  return { bytes: Buffer.concat([Buffer.from(basic), fields.subarray(0, [11, 7, 3, 0][fmt])]), extended };
}

const message = (typeId: number, payload: Buffer, streamId = 0): RtmpMessage => ({
  typeId,
  timestamp: 0,
  streamId,
  payload,
});
const command = (...values: AmfValue[]) => message(MessageType.commandAmf0, encodeAmf0(...values));
/** As Flash wraps it. */
const wrapped = ({ payload }: RtmpMessage) =>
  message(MessageType.commandAmf3, Buffer.concat([Buffer.from([0]), payload]));
const control = (typeId: number, hex: string) => message(typeId, Buffer.from(hex, 'hex'));
const controls = [
  control(MessageType.userControl, '000600000007'),
  control(MessageType.userControl, '0003000000010000012c'),
  control(MessageType.windowAckSize, '00000010'),
  control(MessageType.ack, 'fffffff0'),
  control(MessageType.setPeerBandwidth, '0000001002'),
  control(MessageType.ack, '00'),
];
const metadata = encodeAmf0('@setDataFrame', 'onMetaData', { width: 640, framerate: 25 });
/** What is large costs more than it shows. */
const tags = smallTags.filter(({ payload }) => payload.length < 300).slice(0, 8);
const media = [
  ...tags.map((tag) => message(tag.typeId, tag.payload, 1)),
  message(MessageType.aggregate, Buffer.concat(tags.slice(0, 4).map(encodeFlvTag)), 1),
  message(MessageType.dataAmf0, metadata, 1),
  message(MessageType.dataAmf3, Buffer.concat([Buffer.from([0]), metadata]), 1),
  message(MessageType.dataAmf3, Buffer.from('00020001781109030106037806010104811106', 'hex'), 1),
  message(MessageType.dataAmf0, encodeAmf0('|RtmpSampleAccess', true, true), 1),
  message(MessageType.dataAmf0, Buffer.from([0, 0, 0, 9]), 1),
];

const connects = [
  { app: 'live', tcUrl: 'rtmp://h/live', objectEncoding: 3, flashVer: 'WIN 32,0,0,465', pageUrl: 'http://h/p.html' },
  { app: 'live/sub?vhost=v', tcUrl: 'rtmp://h:1936/live/sub?vhost=v&t=1', type: 'nonprivate', dolphin_hops: 'a,b' },
  { app: 'live', tcUrl: 'rtmp://[::1]/live', objectEncoding: 0 },
].map((object) => command('connect', 1, object, { dolphin_hops: 'a,b,a', dolphin_probe: true }));

const asked = [
  ...['releaseStream', 'FCPublish', 'FCUnpublish', 'getStreamLength', 'FCSubscribe'].flatMap((name) => [
    command(name, 2, null, 's'),
    command(name, 0, null),
  ]),
  ...['createStream', 'closeStream', '_checkbw'].map((name) => command(name, 3, null)),
  command('deleteStream', 0, null, 1),
  command('publish', 5, null, 's?k=v', 'live'),
  command('publish', 0, null, 's', 'record'),
  command('play', 0, null, 's?k=v', -2000, -1, true),
  command('play', 0, null, 'mp4:s.mp4', 0, 1500),
  ...[true, false, 1, null].map((on) => command('pause', 0, null, on, 1000)),
  command('pauseRaw', 0, null, true, 0),
  command('receiveVideo', 0, null, false),
  command('seek', 7, null, 5000),
  ...['_result', '_error', 'onStatus'].map((name) => command(name, 1, null, { code: 'x' })),
  message(MessageType.commandAmf0, Buffer.from([0, 1, 2, 3])),
  command(7, 0, null),
];

const status = (code: string, level = 'status') => command('onStatus', 0, null, { level, code, description: 'why' });
const welcome = [
  command('_result', 1, { fmsVer: 'FMS/3,5,3,888' }, { code: 'NetConnection.Connect.Success', objectEncoding: 0 }),
  command('_result', 4, null, 1),
];
const answered = [
  ...['Play.Start', 'Play.Reset', 'Publish.Start', 'Unpublish.Success'].map((code) => status(`NetStream.${code}`)),
  ...['Play.UnpublishNotify', 'Play.Stop', 'Play.Complete'].map((code) => status(`NetStream.${code}`)),
  ...['Publish.BadName', 'Play.StreamNotFound'].map((code) => status(`NetStream.${code}`, 'error')),
  command('_error', 1, null, {
    code: 'NetConnection.Connect.Rejected',
    description: 'no',
    ex: { code: 302, redirect: 'rtmp://h:1936/live/s' },
  }),
  ...[2, 3, 4, 5].map((transaction) => command('_error', transaction, null, { level: 'error' })),
  command('_error', 1, null),
  ...[0.5, -1, 2 ** 33, 'one', null, 7].map((id) => command('_result', 4, null, id)),
  command('close', 0, null),
  command('onBWDone', 0, null),
  command('onFCPublish', 0, null, { code: 'NetStream.Publish.Start' }),
];

const MAX_WORDS = 10;

function spoken(first: readonly RtmpMessage[], more: readonly (readonly RtmpMessage[])[], random: Random): Buffer {
  const writer = new ChunkWriter();
  const parts = random() < 0.5 ? [] : [writer.setChunkSize(pick(random, [1, 300, 60_000]))];
  const words = random() < 0.9 ? [...first] : [];
  for (let left = below(random, MAX_WORDS); left > 0; left--) words.push(pick(random, pick(random, more)));
  for (const word of words) {
    const said = word.typeId === MessageType.commandAmf0 && random() < 0.3 ? wrapped(word) : word;
    parts.push(writer.write(said, pick(random, [3, 3, 3, 5, 70])));
  }
  return Buffer.concat(parts);
}

/** What a client may ask behind its handshake, in any order; mostly it connects first. */
export function askedWords(random: Random): Buffer {
  return spoken([pick(random, connects)], [asked, asked, media, controls], random);
}

/** What a server may answer behind its handshake, in any order; mostly it agrees first. */
export function answeredWords(random: Random): Buffer {
  return spoken(welcome.slice(0, 1 + below(random, 2)), [answered, answered, media, controls], random);
}
