import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeAmf0, encodeAmf0, encodeMessage, isAmfObject, MessageType } from '@dolphin/media';
import fc from 'fast-check';
import { message, refuses } from './media-arbitraries.js';
import { command, metadata, RawClient } from './session-peers.js';

describe('a server session', () => {
  it('says window, bandwidth and chunk size before the answer to connect', () => {
    const client = new RawClient();
    client.command('connect', 1, { tcUrl: 'rtmp://h/live' });
    client.server.acceptConnect();
    const answers = client.answers();
    assert.deepEqual(answers.slice(0, 2), [
      [MessageType.windowAckSize, '002625a0'],
      [MessageType.setPeerBandwidth, '002625a002'],
    ]);
    assert.deepEqual(answers[2]?.slice(0, 2), ['_result', 1]);
  });

  it('follows the order of FMLE, OBS and ffmpeg, and answers createStream with 1', () => {
    const client = new RawClient().connected();
    client.command('releaseStream', 2, null, 's');
    client.command('FCPublish', 3, null, 's');
    client.command('_checkbw', 4, null);
    client.command('createStream', 5, null);
    assert.deepEqual(client.answers(), [
      ['_result', 2, null, undefined],
      ['_result', 3, null, undefined],
      ['_result', 4, null, null],
      ['_result', 5, null, 1],
    ]);
    const publish = { type: 'publish', app: 'live', query: '' };
    assert.deepEqual(client.command('publish', 0, null, 's', 'live'), [{ ...publish, stream: 's', encoder: 'fmle' }]);
    client.server.acceptPublish();
    assert.deepEqual(
      client.answers().map(([name]) => name),
      ['onFCPublish', 'onStatus'],
    );
    assert.deepEqual(client.command('FCUnpublish', 6, null, 's'), [{ type: 'unpublish' }]);
    assert.deepEqual(client.codes(), ['NetStream.Unpublish.Success', 'NetStream.Unpublish.Success']);
    assert.deepEqual(client.command('deleteStream', 7, null, 1), []);
    assert.deepEqual(client.command('publish', 0, null, 't'), [{ ...publish, stream: 't', encoder: 'flash' }]);
    assert.deepEqual(client.command('deleteStream', 9, null, 1), [{ type: 'unpublish' }]);
  });

  it('hands out media that comes before the answer to publish: the forwarder of SRS does not wait', () => {
    const client = new RawClient().connected();
    const events = client.send(command('publish', 0, null, 's'), metadata);
    assert.deepEqual(
      events.map((e) => e.type),
      ['publish', 'media'],
    );
    client.server.rejectPublish('NetStream.Publish.BadName', 'busy');
    assert.deepEqual(client.send(metadata), []);
  });

  it('answers in order a client that does not wait for its answers', () => {
    const client = new RawClient();
    const connect = command('connect', 1, { tcUrl: 'rtmp://h/live' });
    const events = client.send(connect, command('createStream', 2, null), command('play', 0, null, 's'));
    assert.deepEqual(
      events.map((e) => e.type),
      ['connect', 'play'],
    );
    client.server.acceptConnect();
    client.server.acceptPlay();
    const answers = client.answers().map(([name, transaction]) => `${name} ${transaction}`);
    assert.ok(answers.indexOf('_result 1') < answers.indexOf('_result 2'));
    assert.ok(answers.indexOf('_result 2') < answers.indexOf('onStatus 0'));
  });

  it('answers pause, and getStreamLength with a number', () => {
    const client = new RawClient().connected();
    client.command('getStreamLength', 3, null, 's');
    assert.deepEqual(client.answers(), [['_result', 3, null, 0]]);
    assert.deepEqual(client.command('play', 4, null, 's', -2000, 5000), [
      { type: 'play', app: 'live', stream: 's', query: '', start: -2000, duration: 5000 },
    ]);
    client.server.acceptPlay();
    assert.ok(client.codes().includes('NetStream.Play.Start'));
    assert.deepEqual(client.command('pause', 0, null, true, 0), [{ type: 'pause', on: true }]);
    assert.deepEqual(client.command('pause', 0, null, false, 0), [{ type: 'pause', on: false }]);
    assert.deepEqual(client.codes(), ['NetStream.Pause.Notify', 'NetStream.Unpause.Notify']);
    assert.deepEqual(client.command('receiveAudio', 0, null, false), []);
    assert.deepEqual(client.command('seek', 9, null, 0), []);
    assert.deepEqual(client.answers(), [['_result', 9, null, null]]);
  });

  it('answers pings, and acknowledges at half of the window', () => {
    const client = new RawClient().connected();
    const ping = { typeId: 4, timestamp: 0, streamId: 0, payload: Buffer.from('0006000004d2', 'hex') };
    client.send(ping);
    assert.deepEqual(client.answers(), [[4, '0007000004d2']]);
    client.send({ typeId: 5, timestamp: 0, streamId: 0, payload: Buffer.from('00000bb8', 'hex') });
    // All bytes count, those of the handshake too.
    assert.equal(client.answers()[0]?.[0], MessageType.ack);
    client.send({ typeId: 9, timestamp: 0, streamId: 1, payload: Buffer.alloc(1400) });
    assert.deepEqual(client.answers(), []);
    client.send({ typeId: 9, timestamp: 0, streamId: 1, payload: Buffer.alloc(200) });
    const expected = client.server.receivedBytes.toString(16).padStart(8, '0');
    assert.deepEqual(client.answers(), [[MessageType.ack, expected]]);
    assert.deepEqual(client.send({ typeId: 3, timestamp: 0, streamId: 0, payload: Buffer.from('000000ff', 'hex') }), [
      { type: 'ack', bytes: 255 },
    ]);
  });

  it('splits aggregates, reads AMF3 data, and drops what is no media', () => {
    const client = new RawClient().connected();
    client.command('publish', 0, null, 's');
    const amf3 = { ...metadata, typeId: 15, payload: Buffer.concat([Buffer.from([0]), metadata.payload]) };
    const flvTag = Buffer.from('0900000100000a0000000077' + '0000000c', 'hex');
    const events = client.send(
      amf3,
      { typeId: 22, timestamp: 50, streamId: 1, payload: flvTag },
      {
        ...metadata,
        payload: encodeAmf0('|RtmpSampleAccess', true, true),
      },
    );
    const media = events.flatMap((e) => (e.type === 'media' ? [[e.message.typeId, e.message.timestamp]] : []));
    assert.deepEqual(media, [
      [18, 0],
      [9, 50],
    ]);
  });

  it('writes the AMF3 values of data as AMF0, and drops data that nobody could read', () => {
    const client = new RawClient().connected();
    client.command('publish', 0, null, 's');
    const names = encodeAmf0('@setDataFrame', 'onMetaData');
    const object = Buffer.from('110a0b010b776964746804850001', 'hex');
    const [event] = client.send({ ...metadata, typeId: 15, payload: Buffer.concat([Buffer.from([0]), names, object]) });
    assert.ok(event?.type === 'media' && event.message.typeId === MessageType.dataAmf0);
    assert.deepEqual(decodeAmf0(event.message.payload), ['@setDataFrame', 'onMetaData', { width: 640 }]);
    assert.deepEqual(client.send({ ...metadata, typeId: 15, payload: Buffer.from('00110d0300', 'hex') }), []);
  });

  it('reads a command in an AMF3 message, and over garbage behind its arguments', () => {
    const client = new RawClient();
    const payload = Buffer.concat([
      Buffer.from([0]),
      encodeAmf0('connect', 1, { tcUrl: 'rtmp://h/live' }),
      Buffer.from([0x11, 0x0a]),
    ]);
    const [event] = client.send({ typeId: MessageType.commandAmf3, timestamp: 0, streamId: 0, payload });
    assert.equal(event?.type, 'connect');
  });

  it('tells encoders apart by the order of their commands', () => {
    const encoderOf = (...names: string[]) => {
      const client = new RawClient().connected();
      const events = names.flatMap((name) => client.command(name, 2, null, 's'));
      return events.flatMap((e) => (e.type === 'publish' ? [e.encoder] : []));
    };
    assert.deepEqual(encoderOf('releaseStream', 'FCPublish', 'createStream', 'publish'), ['fmle']);
    assert.deepEqual(encoderOf('FCPublish', 'createStream', 'publish'), ['fmle']);
    assert.deepEqual(encoderOf('createStream', 'FCPublish', 'publish'), ['haivision']);
    assert.deepEqual(encoderOf('createStream', 'publish'), ['flash']);
    // Each stream anew.
    assert.deepEqual(encoderOf('FCPublish', 'createStream', 'publish', 'FCUnpublish', 'createStream', 'publish'), [
      'fmle',
      'flash',
    ]);
  });

  it('says to each client the object encoding that it asked for, and no other than 0 and 3', () => {
    for (const [asked, said] of [
      [3, 3],
      [0, 0],
      [undefined, 0],
      [7, 0],
      ['3', 0],
    ] as const) {
      const client = new RawClient();
      client.command('connect', 1, { tcUrl: 'rtmp://h/live', objectEncoding: asked });
      client.server.acceptConnect();
      const [info] = client
        .answers()
        .flatMap(([name, , , value]) => (name === '_result' && isAmfObject(value) ? [value] : []));
      assert.equal(info?.['objectEncoding'], said);
    }
  });

  it('passes over the time code that ffmpeg writes where values belong', () => {
    const client = new RawClient().connected();
    client.command('publish', 0, null, 's');
    const payload = Buffer.from('00000bb8', 'hex');
    for (const typeId of [15, 17, 18, 20]) assert.deepEqual(client.send({ ...metadata, typeId, payload }), []);
  });

  it('refuses play and publish before connect, a second connect, and a connect without a URL', () => {
    assert.throws(() => new RawClient().command('play', 0, null, 's'), { code: 'command' });
    assert.throws(() => new RawClient().command('publish', 0, null, 's'), { code: 'command' });
    assert.throws(() => new RawClient().connected().command('connect', 1, { tcUrl: 'rtmp://h/live' }), {
      code: 'command',
    });
    assert.throws(() => new RawClient().command('connect', 1, {}), { code: 'command' });
    assert.throws(() => new RawClient().connected().command('play', 1, null), { code: 'command' });
  });

  it('does not collect answers without end for a client that floods it', () => {
    const client = new RawClient().connected();
    const flood = Buffer.concat(Array(20_000).fill(encodeMessage(command('createStream', 2, null), 3, 128)));
    assert.throws(() => client.server.push(flood), { code: 'limit' });
  });

  it('bounds the hops that it believes', () => {
    const client = new RawClient();
    const hops = { dolphin_hops: Array.from({ length: 100 }, (_, i) => `h${i}`).join(',') };
    const [event] = client.command('connect', 1, { tcUrl: 'rtmp://h/live' }, hops);
    assert.ok(event?.type === 'connect' && event.hops.length === 16);
  });

  it('makes of random bytes after the handshake events or a MediaError, nothing else', () => {
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      message(200).map((m) => encodeMessage(m, 3, 128)),
    );
    fc.assert(
      fc.property(fc.array(body, { maxLength: 5 }), (pieces) => {
        const { server } = new RawClient().connected();
        refuses(() => {
          for (const piece of pieces) server.push(Buffer.from(piece));
        });
      }),
      { numRuns: 200 },
    );
  });
});
