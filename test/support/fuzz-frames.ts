import { encodeAmf0, MessageType } from '@dolphin/media';
import { payloads } from './fuzz-seeds.js';

/** Each of its parts, which are told apart by spaces, in hexadecimal digits. */
const bytes = (...texts: string[]) => texts.map((text) => Buffer.from(text.replaceAll(' ', ''), 'hex'));

const [AVC1, HVC1, AV01, MP4A, MP3, OPUS] = ['61766331', '68766331', '61763031', '6d703461', '2e6d7033', '4f707573'];
const AVC_RECORD = '014d401eff e1 0004 67424000 01 0004 68ce3c80';
/** VPS, SPS and PPS, and an SEI, which is none of the sets. */
const HEVC_RECORD = `01${'00'.repeat(20)}03 04 a00001000440010c01 a10001000442010101 a2000100044401c0f2 a7000100034e0105`;

/** Parameters of codecs as encoders send them. */
export const videoHeaders = bytes(
  `1700000000 ${AVC_RECORD}`,
  '1700000000 0164001fff e1 0019 67640001facd9405005bb016a02020280000003008000001e478c18cb0 01 0004 68ebecb22c',
  // High with a profile of its own for colour, and lists for scaling.
  '1700000000 01f4001eff e1 000a 67f4001e9bffa0bfe5c0 01 0004 68ce3c80',
  // HEVC as it was in China, and as it is in enhanced RTMP.
  `1c00000000 ${HEVC_RECORD}`,
  `90 ${HVC1} ${HEVC_RECORD}`,
  `90 ${AVC1} ${AVC_RECORD}`,
  `90 ${AV01} 81040c00`,
  `9600 ${HVC1} 00 ${HEVC_RECORD}`,
  `9600 ${HVC1} 01 ${HEVC_RECORD}`,
  `9610 ${AV01} 00 000004 81040c00 01 000004 81040c00`,
);
export const audioHeaders = bytes(
  'af00 1210',
  'af00 11901056e500',
  'af00 2b920800',
  'af00 1400',
  `90 ${MP4A} 1210`,
  `90 ${OPUS} 0102`,
  `9520 ${MP4A} 00 000002 1210 ${OPUS} 02 000002 0102`,
);

/** Frames of these, in each form of header that there is; of several NAL units, with parameter sets and without. */
export const videoFrames = [
  ...bytes(
    '1701000000 00000004674d401e 0000000468ce3c80 0000000565aabbccdd',
    '2701000050 0000000209f0 0000000441aabbcc 00000000',
    '1c01000000 00000003460150 000000042601aabb',
    '2c01ffffd8 000000040201aabb',
    `91 ${HVC1} 000000 000000042601aabb`,
    `a3 ${HVC1} 0000000442010101 000000040201aabb`,
    `91 ${AVC1} 000028 0000000365aabb`,
    // Modifiers, one whose size takes 16 bits.
    `97 00 03 01 ${HVC1} 000000 000000042601aabb`,
    `97 ff 0000 04 03 ${AVC1} 0000000365aabb`,
    // Several tracks, of one codec and of two; commands; a codec of long ago.
    `9601 ${HVC1} 00 000000 000000042601aabb`,
    `9611 ${AVC1} 00 00000a 000000 0000000365aabb 01 00000a 000000 0000000365aabb`,
    `9623 ${AVC1} 00 000007 0000000365aabb ${HVC1} 01 000007 0000000326aabb`,
    'd000',
    '5700',
    '1200aabbcc',
  ),
  ...payloads(MessageType.video, 300).slice(0, 4),
];
export const audioFrames = [
  ...bytes(
    'af01 210004',
    '2f fffb9064aabb',
    '2f fff39064aabb',
    '7f aabb',
    `91 ${MP4A} 210004`,
    `91 ${MP3} fffb9064`,
    `91 ${OPUS} 0102`,
    `9501 ${MP4A} 00 2100`,
    `9511 ${MP4A} 00 000003 210004 01 000002 2100`,
    `97 01 0102 01 ${MP4A} 2100`,
  ),
  ...payloads(MessageType.audio, 300).slice(0, 4),
];

export const dataMessages = [
  encodeAmf0('onMetaData', { width: 640, duration: 7, videocodecid: 7, nested: { a: [1] } }),
  encodeAmf0('@setDataFrame', 'onMetaData', { width: 640, filesize: 1 }),
  encodeAmf0('onTextData', { text: 'x' }),
  encodeAmf0('onMetaData', 1),
];

export const allFrames = [...videoHeaders, ...audioHeaders, ...videoFrames, ...audioFrames, ...dataMessages];
