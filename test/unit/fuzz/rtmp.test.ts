import assert from 'node:assert/strict';
import {
  ByteAccount,
  ChunkReader,
  encodeAmf0,
  encodeMessage,
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
import { pieces } from '../../support/fuzz-mutate.js';
import { chunkCorpus, conversations } from '../../support/fuzz-seeds.js';

/** A reader allocates so much for a message before it has come. */
const FIRST_BYTES = 64 * 1024;

/** Messages as a text: as values they take longer to compare than to read. */
function textOf(messages: readonly RtmpMessage[]): string {
  return messages.map((m) => `${m.typeId} ${m.timestamp} ${m.streamId} ${m.payload.toString('latin1')}`).join('\n');
}

function readChunks(parts: readonly Buffer[]) {
  const total = new ByteAccount(1 << 30);
  const reader = new ChunkReader({}, total);
  const messages: RtmpMessage[] = [];
  const error = mediaErrorOf(() => {
    for (const part of parts) reader.read(part, (m) => messages.push({ ...m, payload: Buffer.from(m.payload) }));
  });
  return { messages, error, reader, total };
}

fuzz(
  'chunks: MediaError or messages, the same whole or in pieces, no larger than what came',
  chunkCorpus(),
  (input, random) => {
    const whole = readChunks([input]);
    const cut = readChunks(pieces(input, random));
    assert.equal(cut.error, whole.error);
    assert.equal(textOf(cut.messages), textOf(whole.messages));
    const bytes = whole.messages.reduce((sum, { payload }) => sum + payload.length, 0);
    assert.ok(bytes <= input.length, `${bytes} bytes of messages of ${input.length}`);
    for (const { reader, total } of [whole, cut]) {
      const open = new Set(input).size;
      assert.ok(reader.partialBytes <= input.length * 2 + FIRST_BYTES * Math.min(open, 32), `${reader.partialBytes}`);
      assert.equal(total.bytes, reader.partialBytes);
      reader.dispose();
      assert.equal(total.bytes, 0);
    }
  },
);

function serve(parts: readonly Buffer[]) {
  const server = new RtmpServerSession({ chunkSize: 4096, allowProxyHeader: true });
  const events: (ServerEvent | string)[] = [];
  let written = 0;
  const error = mediaErrorOf(() => {
    for (const part of parts) {
      for (const event of server.push(part)) {
        if (event.type === 'connect') server.acceptConnect();
        else if (event.type === 'play') server.acceptPlay();
        else if (event.type === 'publish') server.acceptPublish();
        events.push(event.type === 'media' ? textOf([event.message]) : event);
      }
      written += server.takeOutput()?.length ?? 0;
    }
  });
  return { events, error, written };
}

const { toServer, toClient } = conversations();
/** S0, S1 and S2, and the words in front of and behind the answer to connect and to play. */
const GREETING_BYTES = 3073 + 2048;

fuzz(
  'a server session: MediaError or events, the same whole or in pieces, and answers in proportion',
  toServer,
  (input, random) => {
    const whole = serve([input]);
    const cut = serve(pieces(input, random));
    assert.equal(cut.error, whole.error);
    // Of a read that ends in an error nothing is told.
    if (whole.error === null) assert.equal(JSON.stringify(cut.events), JSON.stringify(whole.events));
    assert.ok(cut.written <= GREETING_BYTES + 40 * input.length, `${cut.written} bytes written for ${input.length}`);
  },
);

const shaken = toServer.map((bytes) => bytes.subarray(1 + 2 * 1536));
const wrapped = shaken.map((bytes) => {
  const { messages } = readChunks([bytes]);
  return Buffer.concat(
    messages.map((m) => {
      if (m.typeId !== MessageType.commandAmf0) return encodeMessage(m, 4, 128);
      return encodeMessage(
        { ...m, typeId: MessageType.commandAmf3, payload: Buffer.concat([Buffer.of(0), m.payload]) },
        3,
        128,
      );
    }),
  );
});

fuzz('commands behind a handshake, AMF3 ones too: MediaError or events', [...shaken, ...wrapped], (input) => {
  serve([Buffer.concat([Buffer.from([3]), Buffer.alloc(2 * 1536), input])]);
});

fuzz('a client session: MediaError or events', toClient, (input, random) => {
  for (const mode of ['play', 'publish'] as const) {
    const client = new RtmpClientSession({ mode, url: parseRtmpUrl('rtmp://h/live/s') });
    client.start();
    mediaErrorOf(() => {
      for (const part of pieces(input, random)) {
        client.push(part);
        client.takeOutput();
      }
    });
  }
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
    const whole = shake([input]);
    assert.deepEqual(shake(pieces(input, random)), whole);
    assert.ok(whole.written <= 1 + 2 * 1536);
    assert.ok((whole.rest?.length ?? 0) <= input.length);
  },
);

const urls = [
  'rtmp://h/live/s',
  'rtmp://[::1]:1935/a/b/_definst_/s?vhost=v&token=a/b',
  'rtmp://h/live?vhost=x/livestream',
  'rtmp://h:65535/live...vhost...v/s#f',
].map((text) => Buffer.from(encodeAmf0(text)));

fuzz('commands with URLs and stream names: MediaError or events', urls, (input) => {
  const name = input.toString('utf8', 3);
  mediaErrorOf(() => parseRtmpUrl(name));
  const command = (...values: Parameters<typeof encodeAmf0>) =>
    encodeMessage(
      { typeId: MessageType.commandAmf0, timestamp: 0, streamId: 0, payload: encodeAmf0(...values) },
      3,
      128,
    );
  // Where the URL itself is refused, the stream's name behind it is not read.
  for (const tcUrl of [name, 'rtmp://h/live']) {
    const connect = command('connect', 1, { tcUrl, app: name, pageUrl: name });
    serve([Buffer.concat([Buffer.from([3]), Buffer.alloc(2 * 1536), connect, command('play', 0, null, name)])]);
  }
});
