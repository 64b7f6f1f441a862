import type { TestScope } from './cleanup.js';
import type { PacketHashes } from './media.js';
import { run } from './processes.js';

// Parameter sets and delimiters stand in front of key frames in one form, and beside the stream in the other.
const WITHOUT_SETS = { h264: 'filter_units=remove_types=7-9', hevc: 'filter_units=remove_types=32-35' } as const;

/**
 * Hashes of the packets of a file or URL in the form that MPEG-TS and FLV have in common: Annex B without parameter
 * sets, raw AAC. `from`: which of the two it is.
 */
export async function commonPackets(
  t: TestScope,
  input: string,
  o: { from: 'flv' | 'ts'; codec?: 'h264' | 'hevc'; audio?: 'aac' | 'mp3'; args?: readonly string[] },
): Promise<PacketHashes> {
  const codec = o.codec ?? 'h264';
  const toAnnexB = o.from === 'flv' ? `${codec}_mp4toannexb,` : '';
  const raw = o.from === 'ts' && o.audio !== 'mp3' ? ['-bsf:a', 'aac_adtstoasc'] : [];
  const hashes = async (map: string, filter: readonly string[]) => {
    const args = ['-v', 'error', ...(o.args ?? []), '-i', input, '-map', map, '-c', 'copy', ...filter];
    const { stdout } = await run(t, 'ffmpeg', [...args, '-f', 'framemd5', '-']);
    const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return lines.map((line) => line.split(',')[5]?.trim() ?? '');
  };
  return {
    video: await hashes('0:v', ['-bsf:v', `${toAnnexB}${WITHOUT_SETS[codec]}`]),
    audio: await hashes('0:a', raw),
  };
}
