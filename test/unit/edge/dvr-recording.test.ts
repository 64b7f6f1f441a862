import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dvrTaps, type RecordingFile } from '@dolphin/edge/app/dvr-tap.js';
import type { Patch } from '@dolphin/edge/domain/flv-recording.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import {
  type AmfObject,
  decodeAmf0,
  EcmaArray,
  encodeAmf0,
  FlvReader,
  type FlvTag,
  type FrameKind,
  isVideoSequenceHeader,
  MessageType,
  OTHER_FRAMES,
} from '@dolphin/media';
import { parseConf } from '@dolphin/srs';
import fc from 'fast-check';
import { multitrack } from '../../support/multitrack.js';
import { aacHeader, avcFrame, avcHeader, hevcFrame, hevcHeaders, SPS, SPS_HEVC } from '../media/ts-messages.js';

const KEY = { vhost: 'v', app: 'live', stream: 's' };
const TYPES: Readonly<Record<FrameKind, number>> = {
  metadata: MessageType.dataAmf0,
  data: MessageType.dataAmf0,
  audio: MessageType.audio,
  'audio-header': MessageType.audio,
  video: MessageType.video,
  'key-frame': MessageType.video,
  'video-header': MessageType.video,
  'track-header': MessageType.video,
};
/** As messages begin that a codec's reader is to know for what they are. */
const HEADS: Readonly<Record<FrameKind, string>> = {
  metadata: '',
  data: '',
  audio: 'af01',
  'audio-header': 'af00',
  video: '2701000000',
  'key-frame': '1701000000',
  'video-header': '1700000000',
  'track-header': '960068766331ff',
};

interface Written {
  path: string;
  bytes: Buffer;
  finished: { patches: readonly Patch[]; path: string } | null;
  lose(why: string): void;
}

/** A stream that is recorded to memory. */
function recorded(dvr: string, key = KEY) {
  const files: Written[] = [];
  const said: string[] = [];
  const log = {
    info: () => undefined,
    debug: () => undefined,
    warn: (_: object, words: string) => void said.push(words),
  };
  const open = (path: string, lose: (why: string) => void): RecordingFile => {
    const file: Written = { path, bytes: Buffer.alloc(0), finished: null, lose };
    files.push(file);
    return {
      write: (bytes) => {
        file.bytes = Buffer.concat([file.bytes, bytes]);
      },
      finish: (patches, final) => {
        file.finished = { patches, path: final };
      },
    };
  };
  const at = { unixMs: 0, year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  const wallTime = () => ({ ...at, unixMs: at.unixMs++ });
  const conf = `listen 1; vhost v { dvr { enabled on; dvr_path /d/[stream].[timestamp].[duration].flv; ${dvr} } }`;
  const vhost = readSettings(parseConf(conf, 'edge.conf')).settings.vhosts.get('v')!;
  const [tap] = dvrTaps(key, vhost, { files: { open }, log, wallTime, service: 'x' });
  assert.ok(tap);
  const send = (kind: FrameKind, timestamp: number, payload: Buffer = named(kind, `${kind} ${timestamp}`)) =>
    tap.message({ typeId: TYPES[kind], timestamp, streamId: 1, payload }, kind);
  return { files, said, tap, send };
}

const named = (kind: FrameKind, text: string) => Buffer.concat([Buffer.from(HEADS[kind], 'hex'), Buffer.from(text)]);

/** What a player finds in it: `kind time` of each tag. */
function tagsOf({ bytes }: Written): string[] {
  return new FlvReader()
    .push(bytes)
    .map(({ payload, timestamp, typeId }) =>
      typeId === MessageType.dataAmf0
        ? `metadata ${timestamp}`
        : `${/[a-z-]+(?= \d+$)/.exec(payload.toString('latin1'))?.[0]} ${timestamp}`,
    );
}

function finishedFile({ bytes, finished }: Written): Buffer {
  assert.ok(finished);
  const whole = Buffer.from(bytes);
  for (const patch of finished.patches) patch.bytes.copy(whole, patch.at);
  return whole;
}

const metadataOf = (bytes: Buffer) => decodeAmf0((new FlvReader().push(bytes)[0] as FlvTag).payload)[1] as AmfObject;

describe('a recording', () => {
  it('has the headers in front of its first frame, and begins at 0', () => {
    const { files, tap, send } = recorded('');
    send('metadata', 0, encodeAmf0('onMetaData', new EcmaArray({ width: 640, duration: 7, filesize: 9 })));
    for (const [kind, at] of [
      ['video-header', 5000],
      ['audio-header', 5000],
      ['video', 5000],
      ['audio', 5010],
    ] as const)
      send(kind, at);
    for (const [kind, at] of [
      ['key-frame', 5040],
      ['video', 5080],
      ['data', 5080],
      ['audio', 5090],
    ] as const)
      send(kind, at);
    const [file] = files;
    assert.ok(file && files.length === 1);
    assert.deepEqual(tagsOf(file), [
      ...['metadata 0', 'video-header 0', 'audio-header 0', 'audio 0'],
      ...['key-frame 30', 'video 70', 'audio 80'],
    ]);
    tap.sourceEnded();
    assert.equal(file.finished?.path, '/d/s.0.80.flv');
    const whole = finishedFile(file);
    assert.deepEqual(metadataOf(whole), { width: 640, service: 'x', filesize: whole.length, duration: 0.08 });
    assert.deepEqual(metadataOf(file.bytes), { width: 640, service: 'x', filesize: 0, duration: 0 }, 'until then');
  });

  it('names the tracks that it has', () => {
    const { files, tap, send } = recorded('');
    send('audio-header', 0);
    send('audio', 0);
    tap.closed();
    assert.ok(files[0]);
    assert.equal(finishedFile(files[0])[4], 4);
  });

  it('is one file of a publish, and another one of the next', () => {
    const { files, tap, send } = recorded('');
    for (let i = 0; i < 100; i++) send('key-frame', i * 1000);
    tap.sourceEnded();
    assert.equal(files.length, 1);
    send('audio', 101_000);
    tap.sourceEnded();
    tap.closed();
    assert.deepEqual(
      files.map(({ finished }) => finished?.path),
      ['/d/s.0.99000.flv', '/d/s.1.0.flv'],
    );
    assert.deepEqual(tagsOf(files[1] as Written), ['metadata 0', 'audio 0'], 'with headers of its own only');
  });

  it('in segments is cut before key frames, and each plays alone', () => {
    const { files, send } = recorded('dvr_plan segment; dvr_duration 2;');
    send('video-header', 0);
    for (let i = 0; i < 60; i++) send(i % 10 === 0 ? 'key-frame' : i % 2 === 0 ? 'video' : 'audio', i * 100);
    assert.deepEqual(
      files.map(({ finished }) => finished?.path),
      ['/d/s.0.2900.flv', undefined],
    );
    assert.deepEqual(tagsOf(files[1] as Written).slice(0, 3), ['metadata 0', 'video-header 0', 'key-frame 0']);
  });

  it('keeps a codec that changes within it, and begins the next segment with the newer headers', () => {
    const { files, tap, send } = recorded('dvr_plan segment; dvr_duration 2;');
    const { classic, enhanced } = hevcHeaders;
    send('video-header', 0, avcHeader);
    send('audio-header', 0, aacHeader);
    send('key-frame', 0, avcFrame([SPS], { key: true }));
    send('video-header', 1000, classic);
    send('key-frame', 1000, hevcFrame([SPS_HEVC], { key: true, form: 'classic' }));
    send('video-header', 2000, enhanced);
    send('key-frame', 2100, hevcFrame([SPS_HEVC], { key: true, form: 'frames' }));
    tap.sourceEnded();
    const headersIn = (file: Written | undefined) =>
      (file === undefined ? [] : new FlvReader().push(file.bytes))
        .filter(({ typeId, payload }) => typeId === MessageType.video && isVideoSequenceHeader(payload))
        .map(({ payload }) => payload);
    assert.equal(files.length, 2);
    assert.deepEqual(headersIn(files[0]), [avcHeader, classic, enhanced]);
    assert.deepEqual(headersIn(files[1]), [enhanced]);
    for (const file of files) assert.equal(new FlvReader().push(finishedFile(file)).at(-1)?.typeId, MessageType.video);
  });

  it('begins each segment with the headers of every track, and none of a codec that is spoken no more', () => {
    const { files, tap, send } = recorded('dvr_plan segment; dvr_duration 2;');
    const part = (id: number, note: string) => ({ id, fourcc: 'hvc1', body: Buffer.from(note) });
    const [first, second] = [multitrack('video', 0, [part(0, 'a')]), multitrack('video', 0, [part(1, 'b')])];
    const key = multitrack('video', 3, [part(0, 'key'), part(1, 'key')]);
    send('video-header', 0, first);
    send('track-header', 0, second);
    send('audio-header', 0, aacHeader);
    send('key-frame', 0, key);
    for (let i = 0; i < OTHER_FRAMES; i++) send('audio', 1000 + i, Buffer.from('2ffffb90', 'hex'));
    send('track-header', 2000, second);
    send('key-frame', 2100, key);
    tap.sourceEnded();
    const heads = files.map((file) =>
      new FlvReader()
        .push(file.bytes)
        .map(({ payload }) => payload)
        .slice(1, 4),
    );
    assert.deepEqual(heads, [
      [first, second, aacHeader],
      [first, second, key],
    ]);
  });

  it('is cut anywhere where key frames are not waited for, and keeps the stream’s times if told to', () => {
    const { files, send } = recorded('dvr_plan segment; dvr_duration 1; dvr_wait_keyframe off; time_jitter off;');
    for (let i = 0; i < 25; i++) send('video', 7000 + i * 100);
    assert.deepEqual(
      files.map((file) => tagsOf(file)[1]),
      ['video 7000', 'video 8100', 'video 9200'],
    );
  });

  it('that is lost ends there, and the next begins in its time', () => {
    const { files, said, send } = recorded('dvr_plan segment; dvr_duration 1; dvr_wait_keyframe off;');
    send('audio', 0);
    files[0]?.lose('no space left');
    send('audio', 500);
    assert.deepEqual(said, ['a recording is lost from here on']);
    assert.deepEqual(tagsOf(files[0] as Written), ['metadata 0', 'audio 0']);
    send('audio', 1000);
    send('audio', 1010);
    send('audio', 1110);
    assert.equal(files[0]?.finished, null);
    assert.deepEqual(tagsOf(files[1] as Written), ['metadata 0', 'audio 0', 'audio 100']);
  });

  it('is none of a stream whose name is no name of a file', () => {
    const { files, said, send } = recorded('', { ...KEY, stream: '../../etc/passwd' });
    send('key-frame', 0);
    send('key-frame', 40);
    assert.deepEqual([files.length, said], [0, ['not recorded: its name is no name of a file']]);
  });

  it('survives metadata that cannot be read', () => {
    const { files, send } = recorded('');
    send('metadata', 0, Buffer.from('0200', 'hex'));
    send('audio', 0);
    assert.deepEqual(metadataOf((files[0] as Written).bytes), { service: 'x', filesize: 0, duration: 0 });
  });

  it('is a file that plays, whenever the process dies, whatever comes', () => {
    const kinds = Object.keys(TYPES) as FrameKind[];
    const message = fc.tuple(
      fc.constantFrom(...kinds),
      fc.integer({ min: 0, max: 3000 }),
      fc.uint8Array({ maxLength: 30 }),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 60 }), fc.boolean(), fc.nat(), (messages, segments, cut) => {
        const { files, tap, send } = recorded(segments ? 'dvr_plan segment; dvr_duration 1;' : '');
        for (const [kind, at, payload] of messages)
          send(kind, at, named(kind, Buffer.from(payload).toString('latin1')));
        tap.closed();
        for (const file of files) {
          const all = new FlvReader().push(file.bytes).length;
          assert.ok(all >= 2, 'metadata and a frame');
          // However much of it is on the disk, it is the beginning of these tags.
          assert.ok(new FlvReader().push(file.bytes.subarray(0, cut % file.bytes.length)).length <= all);
          const whole = finishedFile(file);
          assert.equal(metadataOf(whole)['filesize'], whole.length);
          assert.equal(new FlvReader().push(whole).length, all);
        }
      }),
    );
  });
});
