import { type AdtsParameters, adtsHeader, readAdtsParameters } from './adts.js';
import { annexBParts, type NalParameters, readNalParameters } from './annexb.js';
import { aacConfig, audioFrame } from './codec-audio.js';
import { isVideoSequenceHeader, videoBody, videoFrame } from './codec-video.js';
import { packetise, pesHeader, TS_CLOCK_PER_MS, TS_PACKET_BYTES } from './ts-packets.js';
import { patPacket, pmtPacket, TsPid, TsStreamType, type TsTrack } from './ts-tables.js';

/** Audio of so long goes into one PES packet (SRS has 70 ms, too): small frames alone would be half stuffing. */
const AUDIO_GROUP_MS = 70;
/** And no more than so much: a PES packet of audio must say its length in 16 bits. */
const AUDIO_GROUP_BYTES = 32 * 1024;
/**
 * How far decoding is behind the clock. It covers a group of audio and the interleaving of the source, and keeps times
 * above 0 where frames are shown before the first one was decoded.
 */
const DECODE_DELAY_MS = 700;
const StreamId = { video: 0xe0, audio: 0xc0 } as const;

/** What a sequence header is: `other` than the one before, so that decoding begins anew; or of a codec without a place here. */
export type HeaderNews = 'first' | 'same' | 'other' | 'none';

/**
 * Makes MPEG transport stream segments out of FLV messages: H.264 and HEVC, AAC and MP3. A segment can be decoded by
 * itself: it begins with its tables, made when it ends and its tracks are known. Counters run on from one to the next.
 */
export class TsMuxer {
  #nal: NalParameters | null = null;
  #adts: AdtsParameters | null = null;
  #videoHeader: Buffer | null = null;
  #audioHeader: Buffer | null = null;
  #tracks = new Map<number, TsTrack>();
  readonly #counters = new Map<number, number>();
  #packets: Buffer[] = [];
  #bytes = 0;
  /** The track of the segment's first frame: its packets carry the clock. */
  #clockPid: number | null = null;
  #lastPcr: number | null = null;
  #group: { parts: Buffer[]; bytes: number; timestamp: number } | null = null;

  /** Bytes of the segment so far, without its tables. */
  get bytes(): number {
    return this.#bytes + (this.#group?.bytes ?? 0);
  }
  get hasVideo(): boolean {
    return this.#nal !== null;
  }

  videoHeader(payload: Buffer): HeaderNews {
    if (this.#videoHeader?.equals(payload)) return this.#nal === null ? 'none' : 'same';
    const isFirst = this.#videoHeader === null;
    const video = isVideoSequenceHeader(payload) ? videoBody(payload) : null;
    const isNal = video?.codec === 'H264' || video?.codec === 'HEVC';
    this.#videoHeader = Buffer.from(payload);
    this.#nal = isNal ? readNalParameters(video.codec as 'H264' | 'HEVC', Buffer.from(video.body)) : null;
    return this.#nal === null ? 'none' : isFirst ? 'first' : 'other';
  }

  audioHeader(payload: Buffer): HeaderNews {
    if (this.#audioHeader?.equals(payload)) return this.#adts === null ? 'none' : 'same';
    const isFirst = this.#audioHeader === null;
    const config = aacConfig(payload);
    this.#audioHeader = Buffer.from(payload);
    this.#adts = config === null ? null : readAdtsParameters(config);
    return this.#adts === null ? 'none' : isFirst ? 'first' : 'other';
  }

  /** Another source, or another clock: nothing of what came is in force any more. */
  forgetHeaders(): void {
    this.#nal = null;
    this.#adts = null;
    this.#videoHeader = null;
    this.#audioHeader = null;
  }

  /** Other tracks, or a clock that does not go on from here: with the next segment. */
  discontinue(): void {
    this.#tracks = new Map();
    this.#lastPcr = null;
  }

  /** Adds a frame; false for one that cannot be in a segment. `timestamp`: milliseconds, when it is decoded. */
  video(payload: Buffer, timestamp: number): boolean {
    const frame = videoFrame(payload);
    if (frame === null || this.#nal === null || frame.codec !== this.#nal.codec) return false;
    const parts = annexBParts(this.#nal, frame.body, frame.isKeyFrame);
    if (parts === null) return false;
    this.#flushAudioBefore(timestamp);
    const dts = (timestamp + DECODE_DELAY_MS) * TS_CLOCK_PER_MS;
    const times = { pts: dts + frame.compositionMs * TS_CLOCK_PER_MS, dts };
    const type = this.#nal.codec === 'H264' ? TsStreamType.h264 : TsStreamType.hevc;
    this.#write({ pid: TsPid.video, type }, StreamId.video, times, parts, timestamp, frame.isKeyFrame);
    return true;
  }

  /** As `video`; it is written with what follows within a group's length. */
  audio(payload: Buffer, timestamp: number): boolean {
    const frame = audioFrame(payload);
    if (frame === null) return false;
    const parts = this.#audioParts(frame.codec, frame.body);
    if (parts === null) return false;
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (bytes > AUDIO_GROUP_BYTES) return false;
    if (this.#group !== null && this.#group.bytes + bytes > AUDIO_GROUP_BYTES) this.#flushAudio();
    this.#flushAudioBefore(timestamp);
    this.#clockPid ??= TsPid.audio;
    this.#group ??= { parts: [], bytes: 0, timestamp };
    // They wait for what follows: the payload is the caller's.
    this.#group.parts.push(...parts.map((part) => Buffer.from(part)));
    this.#group.bytes += bytes;
    return true;
  }

  /** The segment, and the next one begins. Null: nothing came. */
  end(): Buffer | null {
    this.#flushAudio();
    const clockPid = this.#clockPid;
    if (clockPid === null) return null;
    const tracks = [...this.#tracks.values()].sort((a, b) => a.pid - b.pid);
    const tables = [patPacket(this.#count(TsPid.pat, 1)), pmtPacket(this.#count(TsPid.pmt, 1), clockPid, tracks)];
    const segment = Buffer.concat([...tables, ...this.#packets]);
    this.#packets = [];
    this.#bytes = 0;
    this.#clockPid = null;
    return segment;
  }

  #audioParts(codec: string, body: Buffer): Buffer[] | null {
    if (codec === 'AAC') {
      const header = this.#adts === null ? null : adtsHeader(this.#adts, body.length);
      if (header === null) return null;
      this.#tracks.set(TsPid.audio, { pid: TsPid.audio, type: TsStreamType.aac });
      return [header, body];
    }
    const version = codec === 'MP3' ? mpegAudioVersion(body) : null;
    if (version === null) return null;
    const type = version === 1 ? TsStreamType.mpeg1Audio : TsStreamType.mpeg2Audio;
    this.#tracks.set(TsPid.audio, { pid: TsPid.audio, type });
    return [body];
  }

  #flushAudioBefore(timestamp: number): void {
    if (this.#group !== null && Math.abs(timestamp - this.#group.timestamp) >= AUDIO_GROUP_MS) this.#flushAudio();
  }

  #flushAudio(): void {
    const group = this.#group;
    if (group === null) return;
    this.#group = null;
    const track = this.#tracks.get(TsPid.audio);
    if (track === undefined) return;
    const time = (group.timestamp + DECODE_DELAY_MS) * TS_CLOCK_PER_MS;
    this.#write(track, StreamId.audio, { pts: time, dts: time }, group.parts, group.timestamp, false);
  }

  #write(
    track: TsTrack,
    streamId: number,
    times: { pts: number; dts: number },
    parts: readonly Buffer[],
    timestamp: number,
    isKeyFrame: boolean,
  ): void {
    const { pid } = track;
    const isFirst = this.#packets.length === 0;
    this.#tracks.set(pid, track);
    this.#clockPid ??= pid;
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    const pes = Buffer.concat([pesHeader({ streamId, ...times }, bytes), ...parts]);
    const packets = packetise(pes, {
      pid,
      counter: this.#counters.get(pid) ?? 0,
      pcr: pid === this.#clockPid ? this.#pcr(timestamp) : null,
      randomAccess: isKeyFrame || isFirst,
    });
    this.#count(pid, packets.length / TS_PACKET_BYTES);
    this.#packets.push(packets);
    this.#bytes += packets.length;
  }

  /** The clock never falls within a run, also where frames of one track come late. */
  #pcr(timestamp: number): number {
    this.#lastPcr = Math.max(this.#lastPcr ?? 0, timestamp * TS_CLOCK_PER_MS);
    return this.#lastPcr;
  }

  /** The counter for the next packet; `packets` of them are taken. */
  #count(pid: number, packets: number): number {
    const counter = this.#counters.get(pid) ?? 0;
    this.#counters.set(pid, (counter + packets) & 0x0f);
    return counter;
  }
}

/** 1 or 2 by the frame's header (ISO 11172-3, 2.4.2.3); null if there is none. */
function mpegAudioVersion(body: Buffer): 1 | 2 | null {
  if (body.length < 4 || body[0] !== 0xff || (body[1]! & 0xe0) !== 0xe0) return null;
  return (body[1]! & 0x18) === 0x18 ? 1 : 2;
}
