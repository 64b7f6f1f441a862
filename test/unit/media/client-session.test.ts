import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChunkReader, encodeMessage, MediaError, MessageType, parseRtmpUrl, RtmpClientSession } from '@dolphin/media';
import fc from 'fast-check';
import { message, places, refuses } from './media-arbitraries.js';
import { command, join, metadata } from './session-peers.js';

describe('a publisher and a server', () => {
  it('agree, and every message arrives, cut anywhere', () => {
    const media = fc.array(message(), { maxLength: 6 });
    fc.assert(
      fc.property(media, places, (messages, at) => {
        const { client, atServer, atClient, exchange } = join({ mode: 'publish' });
        assert.deepEqual(atClient, [{ type: 'started' }]);
        const sent = messages.filter((m) => m.typeId === MessageType.audio || m.typeId === MessageType.video);
        for (const m of sent) client.sendMedia(m);
        exchange(at);
        const got = atServer.flatMap((e) => (e.type === 'media' ? [e.message] : []));
        assert.deepEqual(
          got.map(({ typeId, timestamp, payload }) => ({ typeId, timestamp, payload: Buffer.from(payload) })),
          sent.map(({ typeId, timestamp, payload }) => ({ typeId, timestamp, payload })),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('name the stream, its query and the hops so far', () => {
    const { atServer } = join({ mode: 'publish', hops: ['a', 'b'], url: 'rtmp://h:1936/live/s?vhost=v&k=1' });
    const [connect, publish] = atServer;
    assert.ok(connect?.type === 'connect');
    assert.deepEqual(
      [connect.tcUrl, connect.host, connect.vhost, connect.app, connect.hops],
      ['rtmp://v:1936/live', 'v', 'v', 'live', ['a', 'b']],
    );
    const named = { app: 'live', stream: 's', query: 'vhost=v&k=1', vhost: 'v' };
    assert.deepEqual(publish, { type: 'publish', ...named, encoder: 'fmle' });
  });

  it('part with FCUnpublish', () => {
    const { client, atServer, exchange } = join({ mode: 'publish' });
    client.sendMedia(metadata);
    client.stop();
    exchange();
    assert.deepEqual(
      atServer.map((e) => e.type),
      ['connect', 'publish', 'media', 'unpublish'],
    );
  });

  it('know a refusal with its code', () => {
    const { atClient } = join({ mode: 'publish' }, (server, e) => {
      if (e.type === 'connect') server.acceptConnect();
      if (e.type === 'publish') server.rejectPublish('NetStream.Publish.BadName', 'busy');
    });
    assert.deepEqual(atClient, [{ type: 'refused', code: 'NetStream.Publish.BadName', why: 'busy' }]);
  });

  it('know a refused connect, and where else to go', () => {
    const { atClient } = join({ mode: 'publish' }, (server) =>
      server.rejectConnect('no', { redirect: 'rtmp://x/live' }),
    );
    const expected = { type: 'refused', code: 'NetConnection.Connect.Rejected', why: 'no', redirect: 'rtmp://x/live' };
    assert.deepEqual(atClient, [expected]);
  });
});

describe('a player and a server', () => {
  it('agree, and shared bytes written past the session arrive', () => {
    const { client, server, atClient } = join({ mode: 'play' });
    assert.equal(server.takeOutput(), null);
    const frame = { typeId: 9, timestamp: 40, streamId: 1, payload: Buffer.alloc(70_000, 3) };
    const events = client.push(encodeMessage(frame, 6, 60_000));
    assert.deepEqual(atClient, [{ type: 'started' }]);
    assert.deepEqual(events, [{ type: 'media', messages: [frame] }]);
  });

  it('know the end of the stream', () => {
    const { server, atClient, exchange } = join({ mode: 'play' });
    server.sendStatus('status', 'NetStream.Play.UnpublishNotify', 'over');
    exchange();
    assert.deepEqual(atClient.at(-1), { type: 'ended', why: 'NetStream.Play.UnpublishNotify' });
  });

  it('part with closeStream', () => {
    const { client, atServer, exchange } = join({ mode: 'play' });
    client.stop();
    exchange();
    assert.deepEqual(
      atServer.map((e) => e.type),
      ['connect', 'play', 'close-stream'],
    );
  });

  it('keep to a stream id that the server chose', () => {
    const client = new RtmpClientSession({ mode: 'play', url: parseRtmpUrl('rtmp://h/live/s') });
    client.start();
    client.takeOutput();
    client.push(Buffer.concat([Buffer.from([3]), Buffer.alloc(3072)]));
    const reader = new ChunkReader();
    const written = () => reader.push(client.takeOutput() ?? Buffer.alloc(0));
    reader.push((client.takeOutput() ?? Buffer.alloc(1536)).subarray(1536));
    client.push(encodeMessage(command('_result', 1, {}, {}), 3, 128));
    written();
    client.push(encodeMessage(command('_result', 4, null, 7), 3, 128));
    const play = written().find((m) => m.typeId === MessageType.commandAmf0);
    assert.equal(play?.streamId, 7);
  });
});

describe('a client session', () => {
  it('makes of random bytes after the handshake events or a MediaError, nothing else', () => {
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      message(200).map((m) => encodeMessage(m, 3, 128)),
    );
    fc.assert(
      fc.property(
        fc.constantFrom('play' as const, 'publish' as const),
        fc.array(body, { maxLength: 5 }),
        (mode, pieces) => {
          const { client } = join({ mode });
          refuses(() => {
            for (const piece of pieces) client.push(Buffer.from(piece));
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it('survives a publisher status that comes twice, and a refusal after the start (SRS)', () => {
    const { server, atClient, exchange } = join({ mode: 'publish' });
    server.acceptPublish();
    server.rejectPublish('NetStream.Publish.BadName', 'busy');
    server.rejectPublish('NetStream.Publish.BadName', 'busy');
    exchange();
    assert.deepEqual(
      atClient.map((e) => e.type),
      ['started', 'refused'],
    );
  });

  it('does not go on when createStream is answered without an id', () => {
    const client = new RtmpClientSession({ mode: 'play', url: parseRtmpUrl('rtmp://h/live/s') });
    client.start();
    client.push(Buffer.concat([Buffer.from([3]), Buffer.alloc(3072)]));
    client.push(encodeMessage(command('_result', 1, {}, {}), 3, 128));
    assert.throws(() => client.push(encodeMessage(command('_result', 4, null, 'x'), 3, 128)), MediaError);
  });
});
