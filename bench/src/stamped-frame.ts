import type { RtmpMessage } from '@dolphin/media';
import { MESSAGE_STREAM_ID, MessageType } from '@dolphin/media';

/** 500 kbit/s at 25 frames a second. */
const FRAME_BYTES = 2500;
/** FLV video tag header of AVC (5), length of the one NAL unit (4), its type (1). */
const STAMP_AT = 10;
const KEY_EVERY = 50;

/** A frame of H.264 that nobody can decode, and that carries the moment at which it was made, ms of a monotonic clock. */
export function stampedFrame(index: number, timestamp: number, nowMs: number): RtmpMessage {
  const isKey = index % KEY_EVERY === 0;
  const payload = Buffer.alloc(FRAME_BYTES, 0x55);
  payload.set([isKey ? 0x17 : 0x27, 1, 0, 0, 0]);
  payload.writeUInt32BE(FRAME_BYTES - STAMP_AT + 1, 5);
  payload[9] = isKey ? 0x65 : 0x41;
  payload.writeDoubleBE(nowMs, STAMP_AT);
  return { typeId: MessageType.video, timestamp, streamId: MESSAGE_STREAM_ID, payload };
}

/** The moment that a frame carries; null: it is none of these. */
export function stampOf({ typeId, payload }: RtmpMessage): number | null {
  return typeId === MessageType.video && payload.length === FRAME_BYTES ? payload.readDoubleBE(STAMP_AT) : null;
}
