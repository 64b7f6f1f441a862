/** One track of a message of enhanced RTMP. */
export interface TrackPart {
  readonly id: number;
  readonly fourcc: string;
  readonly body: Buffer;
}

const FRAME_KEY = 0x90;
const AUDIO = 0x90;
const MULTITRACK = { video: 6, audio: 5 };
const Form = { oneTrack: 0x00, manyTracks: 0x10, manyCodecs: 0x20 };

/** A multitrack message, in the shortest form that has room for these tracks; of video as a key frame. `packet`: 0 is a header. */
export function multitrack(kind: 'video' | 'audio', packet: number, parts: readonly TrackPart[]): Buffer {
  const [first] = parts;
  const isOfOneCodec = parts.every(({ fourcc }) => fourcc === first?.fourcc);
  const form = parts.length === 1 ? Form.oneTrack : isOfOneCodec ? Form.manyTracks : Form.manyCodecs;
  const head = (kind === 'video' ? FRAME_KEY : AUDIO) | MULTITRACK[kind];
  const tracks = parts.flatMap(({ id, fourcc, body }, i) => [
    ...(i === 0 || form === Form.manyCodecs ? [Buffer.from(fourcc, 'latin1')] : []),
    Buffer.from([id]),
    ...(form === Form.oneTrack ? [] : [Buffer.from([body.length >> 16, body.length >> 8, body.length])]),
    body,
  ]);
  return Buffer.concat([Buffer.from([head, form | packet]), ...tracks]);
}

/** The same of one track alone, as it is written where there are no others. */
export function enhanced(packet: number, { fourcc, body }: Omit<TrackPart, 'id'>): Buffer {
  return Buffer.concat([Buffer.from([FRAME_KEY | packet]), Buffer.from(fourcc, 'latin1'), body]);
}
