import assert from 'node:assert/strict';
import {
  ByteAccount,
  ChunkReader,
  type ChunkReaderLimits,
  DEFAULT_CHUNK_READER_LIMITS,
  encodeAmf0,
  encodeMessage,
  type FlvTag,
  MessageType,
  parseRtmpUrl,
  RtmpClientSession,
  type RtmpMessage,
  RtmpServerSession,
  type ServerEvent,
  ServerHandshake,
} from '@dolphin/media';
import { digestC1 } from '../../support/digest-client.js';
import { fuzz, mediaErrorOf } from '../../support/fuzz.js';
import { below, pick, pieces, type Random } from '../../support/fuzz-mutate.js';
import { answeredWords, askedWords, chunkProgram, HANDSHAKE } from '../../support/fuzz-rtmp.js';
import { chunkCorpus, conversations, smallTags } from '../../support/fuzz-seeds.js';

/** A reader allocates so much for a message before it has come. */
const FIRST_BYTES = 64 * 1024;

/** Byte by byte: as values they take longer to compare than to read. */
function isSame(one: RtmpMessage, other: RtmpMessage): boolean {
  if (one.typeId !== other.typeId || one.timestamp !== other.timestamp || one.streamId !== other.streamId) return false;
  return one.payload.equals(other.payload);
}

/** Small enough for inputs of a few KiB to meet them. */
const SMALL_LIMITS = { maxChunkStreams: 3, maxMessageBytes: 1200, maxPartialBytes: 2000 };

function readChunks(parts: readonly Buffer[], limits: Partial<ChunkReaderLimits>, maxBytes: number) {
  const total = new ByteAccount(maxBytes);
  const reader = new ChunkReader(limits, total);
  const messages: RtmpMessage[] = [];
  const error = mediaErrorOf(() => {
    for (const part of parts) reader.read(part, (m) => messages.push(m));
  });
  return { messages, error, reader, total };
}

function lookAtChunks(input: Buffer, random: Random): void {
  const limits = random() < 0.8 ? {} : SMALL_LIMITS;
  const maxBytes = random() < 0.8 ? 1 << 30 : 1;
  const whole = readChunks([input], limits, maxBytes);
  const cut = readChunks(pieces(input, random), limits, maxBytes);
  // What comes in pieces is unfinished for a while, and may be too much then.
  const isCutShort = cut.error === 'limit' && (maxBytes === 1 || limits === SMALL_LIMITS);
  if (!isCutShort) {
    assert.equal(cut.error, whole.error);
    assert.equal(cut.messages.length, whole.messages.length);
  }
  for (const [i, message] of cut.messages.entries()) {
    if (!isSame(message, whole.messages[i] as RtmpMessage)) assert.deepEqual(message, whole.messages[i]);
  }
  const bytes = whole.messages.reduce((sum, { payload }) => sum + payload.length, 0);
  assert.ok(bytes <= input.length, `${bytes} bytes of messages of ${input.length}`);
  for (const { reader, total } of [whole, cut]) {
    const open = Math.min(input.length, DEFAULT_CHUNK_READER_LIMITS.maxChunkStreams);
    assert.ok(reader.partialBytes <= input.length * 2 + FIRST_BYTES * open, `${reader.partialBytes}`);
    assert.equal(total.bytes, reader.partialBytes);
    reader.dispose();
    assert.equal(total.bytes, 0);
  }
}

fuzz(
  'chunks: MediaError or messages, the same whole or in pieces, no larger than what came',
  chunkCorpus(),
  lookAtChunks,
);

fuzz('chunks of any messages at once: MediaError or messages, as well', chunkProgram, lookAtChunks);

function answer(server: RtmpServerSession, { type }: ServerEvent, refused: number): void {
  if (type === 'connect') {
    if ((refused & 1) === 0) server.acceptConnect();
    else server.rejectConnect('no', refused === 7 ? { redirect: 'rtmp://h/live/s' } : {});
  } else if (type === 'play') {
    if ((refused & 2) === 0) server.acceptPlay(refused === 0 ? undefined : 128);
    else server.rejectPlay('NetStream.Play.StreamNotFound', 'no');
  } else if (type === 'publish') {
    if ((refused & 4) === 0) server.acceptPublish();
    else server.rejectPublish('NetStream.Publish.BadName', 'no');
  }
}

/** `refused`: bits for connect, play and publish. */
function serve(parts: readonly Buffer[], refused = 0) {
  const server = new RtmpServerSession({ chunkSize: 4096, allowProxyHeader: true });
  const events: ServerEvent[] = [];
  let written = 0;
  const error = mediaErrorOf(() => {
    for (const part of parts) {
      for (const event of server.push(part)) {
        answer(server, event, refused);
        events.push(event);
      }
      written += server.takeOutput()?.length ?? 0;
    }
  });
  return { events, error, written };
}

function assertSame(events: readonly ServerEvent[], expected: readonly ServerEvent[]): void {
  assert.equal(events.length, expected.length);
  for (const [i, event] of events.entries()) {
    const other = expected[i] as ServerEvent;
    if (event.type === 'media' && other.type === 'media' && isSame(event.message, other.message)) continue;
    assert.equal(JSON.stringify(event), JSON.stringify(other));
  }
}

const { toServer, toClient } = conversations();
/** S0, S1 and S2, and the words in front of and behind the answer to connect and to play. */
const GREETING_BYTES = HANDSHAKE.length + 2048;

/** Words behind a handshake, which comes with the first of them or before. */
function behindHandshake(words: readonly Buffer[], random: Random): Buffer[] {
  const [first = Buffer.alloc(0), ...rest] = words;
  return random() < 0.1 ? [Buffer.concat([HANDSHAKE, first]), ...rest] : [HANDSHAKE, ...words];
}

const wordsOf = (conversation: Buffer) => conversation.subarray(HANDSHAKE.length);
const [allAsked, allAnswered] = [toServer.map(wordsOf), toClient.map(wordsOf)];
const fromClients = (random: Random) => (random() < 0.2 ? pick(random, allAsked) : askedWords(random));
const fromServers = (random: Random) => (random() < 0.2 ? pick(random, allAnswered) : answeredWords(random));

fuzz(
  'a server session: MediaError or events, the same whole or in pieces, and answers in proportion',
  fromClients,
  (input, random) => {
    const whole = serve([HANDSHAKE, input]);
    const cut = serve(behindHandshake(pieces(input, random), random));
    assert.ok(cut.written <= GREETING_BYTES + 40 * input.length, `${cut.written} bytes written for ${input.length}`);
    // In one piece more is asked before the first answer than may be.
    if (whole.error === 'limit') return;
    assert.equal(cut.error, whole.error);
    // Of a read that ends in an error nothing is told.
    if (whole.error === null) assertSame(cut.events, whole.events);
  },
);

const EACH_REFUSED = 7;

fuzz('a server session that refuses what is asked: MediaError or events', fromClients, (input, random) => {
  serve([HANDSHAKE, input], 1 + below(random, EACH_REFUSED));
});

fuzz('a client session: MediaError or events', fromServers, (input, random) => {
  const mode = pick(random, ['play', 'publish', 'connect'] as const);
  const client = new RtmpClientSession({ mode, url: parseRtmpUrl('rtmp://h/live/s') });
  client.start();
  mediaErrorOf(() => {
    for (const part of behindHandshake(pieces(input, random), random)) {
      const started = client.push(part).some(({ type }) => type === 'started');
      if (started && mode === 'publish') client.sendMedia({ ...(smallTags[0] as FlvTag), streamId: 1 });
      client.takeOutput();
    }
    client.stop();
  });
});

const handshakes = [
  Buffer.concat([Buffer.from([3]), Buffer.alloc(2 * 1536 + 20, 7)]),
  Buffer.concat([Buffer.from([0xf3, 0, 4, 192, 0, 2, 1, 3]), Buffer.alloc(2 * 1536, 7)]),
  ...([0, 1] as const).map((scheme) =>
    Buffer.concat([Buffer.from([3]), digestC1(scheme, Buffer.alloc(1536, 9)), Buffer.alloc(1540, 5)]),
  ),
];

function shake(parts: readonly Buffer[]) {
  const handshake = new ServerHandshake({ allowProxyHeader: true });
  let rest = null as Buffer | null;
  let written = 0;
  const error = mediaErrorOf(() => {
    for (const part of parts) {
      if (rest !== null) rest = Buffer.concat([rest, part]);
      else {
        const step = handshake.push(part);
        if (step.done) rest = step.rest;
      }
      written += handshake.takeOutput().reduce((sum, each) => sum + each.length, 0);
    }
  });
  return { rest, error, written, address: handshake.clientAddress };
}

fuzz(
  'a handshake, simple or with digests: MediaError or its end, the same whole or in pieces',
  handshakes,
  (input, random) => {
    const { rest, ...whole } = shake([input]);
    const { rest: cutRest, ...cut } = shake(pieces(input, random));
    assert.deepEqual(cut, whole);
    assert.ok(rest === null ? cutRest === null : cutRest?.equals(rest));
    assert.ok(whole.written <= 1 + 2 * 1536);
    assert.ok((rest?.length ?? 0) <= input.length);
  },
);

const urls = [
  'rtmp://h/live/s',
  'rtmp://[::1]:1935/a/b/_definst_/s?vhost=v&token=a/b',
  'rtmp://h/live?vhost=x/livestream',
  'rtmp://h:65535/live...vhost...v/s#f',
].map((text) => Buffer.from(encodeAmf0(text)));

fuzz('commands with URLs and stream names: MediaError or events', urls, (input, random) => {
  const name = input.toString('utf8', 3);
  mediaErrorOf(() => parseRtmpUrl(name));
  const command = (...values: Parameters<typeof encodeAmf0>) =>
    encodeMessage(
      { typeId: MessageType.commandAmf0, timestamp: 0, streamId: 0, payload: encodeAmf0(...values) },
      3,
      128,
    );
  // Where the URL itself is refused, the stream's name behind it is not read.
  const tcUrl = random() < 0.5 ? name : 'rtmp://h/live';
  const connect = command('connect', 1, { tcUrl, app: name, pageUrl: name });
  serve([HANDSHAKE, Buffer.concat([connect, command('play', 0, null, name)])]);
});
