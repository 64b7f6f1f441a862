/** FLV bodies of made-up streams, as the muxer takes them. */
export const SPS = Buffer.from('674d401e', 'hex');
export const PPS = Buffer.from('68ce3c80', 'hex');

const sized = (set: Buffer) => Buffer.concat([Buffer.from([0, set.length]), set]);
const length4 = (unit: Buffer) => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(unit.length);
  return Buffer.concat([head, unit]);
};
const int24 = (value: number) => {
  const out = Buffer.alloc(3);
  out.writeIntBE(value, 0, 3);
  return out;
};

export const avcHeader = Buffer.concat([
  Buffer.from('1700000000' + '014d401eff' + 'e1', 'hex'),
  sized(SPS),
  Buffer.from([1]),
  sized(PPS),
]);

export const VPS_HEVC = Buffer.from('40010c01', 'hex');
export const SPS_HEVC = Buffer.from('42010101', 'hex');
export const PPS_HEVC = Buffer.from('4401c0f2', 'hex');
const hevcArray = (type: number, set: Buffer) => Buffer.concat([Buffer.from([0x80 | type, 0, 1]), sized(set)]);
const hvcC = Buffer.concat([
  Buffer.concat([Buffer.from([1]), Buffer.alloc(20), Buffer.from([3, 3])]),
  hevcArray(32, VPS_HEVC),
  hevcArray(33, SPS_HEVC),
  hevcArray(34, PPS_HEVC),
]);
/** As ffmpeg for China had it, and as enhanced RTMP has it. */
export const hevcHeaders = {
  classic: Buffer.concat([Buffer.from('1c00000000', 'hex'), hvcC]),
  enhanced: Buffer.concat([Buffer.from([0x90]), Buffer.from('hvc1'), hvcC]),
};

export function avcFrame(units: readonly Buffer[], o: { key?: boolean; compositionMs?: number } = {}): Buffer {
  const head = Buffer.from([o.key ? 0x17 : 0x27, 1]);
  return Buffer.concat([head, int24(o.compositionMs ?? 0), ...units.map(length4)]);
}

/** `form`: classic codec id 12, coded frames with a composition time, or those without. */
export function hevcFrame(
  units: readonly Buffer[],
  o: { key?: boolean; compositionMs?: number; form: 'classic' | 'frames' | 'frames-x' },
): Buffer {
  const type = o.key ? 1 : 2;
  const time = int24(o.compositionMs ?? 0);
  const heads = {
    classic: [Buffer.from([(type << 4) | 12, 1]), time],
    frames: [Buffer.from([0x80 | (type << 4) | 1]), Buffer.from('hvc1'), time],
    'frames-x': [Buffer.from([0x80 | (type << 4) | 3]), Buffer.from('hvc1')],
  };
  return Buffer.concat([...heads[o.form], ...units.map(length4)]);
}

/** LC, 44100 Hz, stereo. */
export const aacHeader = Buffer.from('af001210', 'hex');
export const aacFrame = (body: Buffer) => Buffer.concat([Buffer.from([0xaf, 1]), body]);
export const mp3Frame = (bytes: number) =>
  Buffer.concat([Buffer.from([0x2f]), Buffer.from('fffb9064', 'hex'), Buffer.alloc(bytes, 7)]);
