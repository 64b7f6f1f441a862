import { readFile } from 'node:fs/promises';
import { FlvReader, type FlvTag, isAudioSequenceHeader, isVideoKeyFrame, isVideoSequenceHeader } from '@dolphin/media';
import { sampleFlv } from './paths.js';

/** The sample's messages, for tests that write them themselves: real ones, since SRS looks into them. */
export interface SampleTags {
  readonly metadata: FlvTag;
  readonly videoHeader: FlvTag;
  readonly audioHeader: FlvTag;
  /** From the first key frame on, in the order of the file. */
  readonly frames: readonly FlvTag[];
}

export async function sampleTags(): Promise<SampleTags> {
  const tags = new FlvReader().push(await readFile(sampleFlv));
  const first = (is: (tag: FlvTag) => boolean) => {
    const found = tags.find(is);
    if (found === undefined) throw new Error('the sample lacks a message');
    return found;
  };
  const videoHeader = first(({ typeId, payload }) => typeId === 9 && isVideoSequenceHeader(payload));
  const audioHeader = first(({ typeId, payload }) => typeId === 8 && isAudioSequenceHeader(payload));
  const firstKey = tags.findIndex(({ typeId, payload }) => typeId === 9 && isVideoKeyFrame(payload));
  const frames = tags.slice(firstKey).filter((tag) => tag !== videoHeader && tag !== audioHeader);
  return { metadata: first(({ typeId }) => typeId === 18), videoHeader, audioHeader, frames };
}

/** The same picture parameters in a record that says another compatibility: to a server, another header. */
export function otherHeader(header: FlvTag): FlvTag {
  const payload = Buffer.from(header.payload);
  payload[7] = (payload[7] ?? 0) ^ 0x10;
  return { ...header, payload };
}
