import assert from 'node:assert/strict';
import { FlvRecording } from '@dolphin/edge/domain/flv-recording.js';
import { frameKindOf } from '@dolphin/edge/domain/frame-kind.js';
import { HlsSegmenter, type Segment } from '@dolphin/edge/domain/hls-segmenter.js';
import {
  aacFacts,
  audioCodec,
  avcFacts,
  FlvReader,
  headersAfter,
  isAudioSequenceHeader,
  isMetadata,
  isVideoKeyFrame,
  isVideoSequenceHeader,
  MessageType,
  NO_HEADERS,
  type RtmpMessage,
  StreamTimeline,
  TS_PACKET_BYTES,
  TsMuxer,
  videoCodec,
  withoutSetDataFrame,
} from '@dolphin/media';
import { fuzz } from '../../support/fuzz.js';
import { allFrames, audioFrames, audioHeaders, videoFrames, videoHeaders } from '../../support/fuzz-frames.js';
import { below, pick, type Random } from '../../support/fuzz-mutate.js';

fuzz('heads of frames, and the parameters of AVC and AAC: an answer for any bytes', allFrames, (input) => {
  assert.ok(!(isVideoKeyFrame(input) && isVideoSequenceHeader(input)));
  videoCodec(input);
  audioCodec(input);
  isAudioSequenceHeader(input);
  const avc = avcFacts(input);
  if (avc?.width) assert.ok(Number.isFinite(avc.width));
  const aac = aacFacts(input);
  if (aac !== null) assert.ok(aac.sampleRate >= 0 && aac.channels >= 0);
  isMetadata(input);
  assert.ok(withoutSetDataFrame(input).length <= input.length);
});

function assertPackets(segment: Buffer): void {
  assert.equal(segment.length % TS_PACKET_BYTES, 0);
  for (let at = 0; at < segment.length; at += TS_PACKET_BYTES) assert.equal(segment[at], 0x47);
}

/** One in three is the input, the others are whole. */
const inputOr = (input: Buffer, random: Random, others: readonly Buffer[]) =>
  random() < 1 / 3 ? input : pick(random, others);

fuzz('the transport stream: packets of 188 bytes in proportion, of any frames', allFrames, (input, random) => {
  const muxer = new TsMuxer();
  const headers = [inputOr(input, random, videoHeaders), inputOr(input, random, audioHeaders)] as const;
  muxer.videoHeader(headers[0]);
  muxer.audioHeader(headers[1]);
  let bytes = 0;
  for (let i = 0; i < 4; i++) {
    const [video, audio] = [inputOr(input, random, videoFrames), inputOr(input, random, audioFrames)];
    bytes += video.length + audio.length;
    muxer.video(video, below(random, 0xffffffff));
    muxer.audio(audio, below(random, 0xffffffff));
  }
  const segment = muxer.end();
  if (segment === null) return;
  assertPackets(segment);
  // A parameter set goes in front of each key frame, a start code in front of each unit.
  const most = 64 * TS_PACKET_BYTES + 16 * (bytes + 4 * headers[0].length);
  assert.ok(segment.length <= most, `${segment.length} bytes of ${bytes}`);
});

const TYPES = [MessageType.video, MessageType.audio, MessageType.dataAmf0];
/** Steps of a source's clock: usual ones, one over a gap, back a little and a lot. */
const STEPS = [0, 20, 40, 500, 3000, 11_000, -300, -5000];

/** A source's messages: mostly with its headers in front. */
function source(input: Buffer, random: Random): RtmpMessage[] {
  const messages: RtmpMessage[] = [];
  let timestamp = pick(random, [0, 5000, 0x7fffff00, 0xfffffff0]);
  const add = (typeId: number, payload: Buffer) => messages.push({ typeId, timestamp, streamId: 1, payload });
  if (random() < 0.9) add(MessageType.video, pick(random, videoHeaders));
  if (random() < 0.9) add(MessageType.audio, pick(random, audioHeaders));
  for (let left = 8; left > 0; left--) {
    const typeId = pick(random, TYPES);
    const others = typeId === MessageType.video ? videoFrames : typeId === MessageType.audio ? audioFrames : allFrames;
    add(typeId, inputOr(input, random, others));
    timestamp = (timestamp + pick(random, STEPS)) >>> 0;
  }
  return messages;
}

fuzz('segments of HLS: packets and a length, of any source', allFrames, (input, random) => {
  let dropped = 0;
  const waitsForKeyFrame = random() < 0.5;
  const rules = { targetMs: 2000, longestMs: 5000, waitsForKeyFrame, startsShort: random() < 0.5 };
  const segmenter = new HlsSegmenter(rules, () => dropped++);
  const segments: (Segment | null)[] = [];
  for (const message of source(input, random)) segments.push(segmenter.message(message, frameKindOf(message)));
  if (random() < 0.1) segmenter.giveUp();
  segments.push(segmenter.sourceEnded());
  for (const segment of segments) {
    if (segment === null) continue;
    assert.ok(segment.durationMs > 0, `a segment of ${segment.durationMs} ms`);
    assertPackets(segment.bytes);
  }
  assert.equal(segmenter.openBytes, 0);
});

fuzz('a recording: a file of tags that can be read, of any source', allFrames, (input, random) => {
  const recording = new FlvRecording({ waitKeyFrame: random() < 0.5, zeroBased: random() < 0.5, service: 'x' });
  let headers = NO_HEADERS;
  const parts: Buffer[] = [];
  for (const message of source(input, random)) {
    const kind = frameKindOf(message);
    headers = headersAfter(headers, message, kind);
    const bytes = recording.add(message, kind, headers);
    if (bytes !== null) parts.push(bytes);
  }
  const file = Buffer.concat(parts);
  for (const { at, bytes } of recording.finish()) {
    assert.ok(at + bytes.length <= file.length);
    bytes.copy(file, at);
  }
  assert.ok(recording.durationMs >= 0);
  const read = new FlvReader().push(file);
  if (file.length > 0) assert.equal(read[0]?.typeId, MessageType.dataAmf0);
  assert.ok(read.length >= parts.length);
});

fuzz('the headers of a stream: one for each track, the newest, of any source', allFrames, (input, random) => {
  let headers = NO_HEADERS;
  for (const message of source(input, random)) headers = headersAfter(headers, message, frameKindOf(message));
  for (const kept of [headers.videoTracks, headers.audioTracks]) {
    const ids = kept.flatMap(({ tracks }) => tracks.map(({ id }) => id));
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(kept.every(({ tracks }) => tracks.length > 0));
  }
});

const clocks = [
  Buffer.alloc(64),
  Buffer.from('00000000000000280000005000ffffff010000007ffffff080000000fffffff0', 'hex'),
  Buffer.from('7fff000000000000000000287ffe0000000000500000007800000028', 'hex'),
];

fuzz('the clock of a stream: times that players can bear, of any times', clocks, (input, random) => {
  const timeline = new StreamTimeline(pick(random, ['full', 'full', 'zero', 'off']));
  for (let at = 0, nowMs = 1; at + 4 <= input.length; at += 4, nowMs += random() * 5000) {
    if (random() < 0.05) timeline.republish();
    const time = timeline.frame(random() < 0.5 ? 'audio' : 'video', input.readUInt32BE(at), random() < 0.2, nowMs);
    assert.ok(Number.isInteger(time) && time >= 0 && time <= 0xffffffff, `${time}`);
    const header = timeline.header(input.readUInt32BE(at));
    assert.ok(header >= 0 && header <= 0xffffffff, `${header}`);
  }
});

fuzz('the corrected clock of a stream: it never falls, but to 0', clocks, (input, random) => {
  const timeline = new StreamTimeline('full');
  const last = { audio: 0, video: 0 };
  // Begun close to the highest time, it soon is there.
  if (random() < 0.3) timeline.frame('video', 0, true, 1);
  for (let at = 0, nowMs = 1; at + 4 <= input.length; at += 4, nowMs += random() * 2 ** 30) {
    const track = random() < 0.5 ? 'audio' : 'video';
    const time = timeline.frame(track, input.readUInt32BE(at), random() < 0.2, nowMs);
    assert.ok(Number.isInteger(time) && time >= 0 && time < 2 ** 31, `${time}`);
    assert.ok(time >= last[track] || time === 0, `${track} falls from ${last[track]} to ${time}`);
    if (time === 0) last.audio = last.video = 0;
    else last[track] = time;
  }
});
