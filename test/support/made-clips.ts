import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FlvReader, type FlvTag } from '@dolphin/media';
import type { TestScope } from './cleanup.js';
import { run } from './processes.js';
import { tempDir } from './temp-dir.js';

export interface ClipShape {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2;
}

/** Frames of video of each clip: a second. */
export const CLIP_FRAMES = 25;

/** The tags of a second of H.264 and AAC that ffmpeg makes up. */
export async function madeClip(t: TestScope, { width, height, channels }: ClipShape): Promise<FlvTag[]> {
  const file = join(await tempDir(t), 'clip.flv');
  const picture = ['-f', 'lavfi', '-i', `testsrc=size=${width}x${height}:rate=${CLIP_FRAMES}:duration=1`];
  const sound = ['-f', 'lavfi', '-i', 'sine=duration=1'];
  const codecs = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-g',
    `${CLIP_FRAMES}`,
    '-c:a',
    'aac',
    '-ac',
    `${channels}`,
  ];
  const made = await run(t, 'ffmpeg', ['-v', 'error', ...picture, ...sound, ...codecs, '-f', 'flv', file]);
  if (made.code !== 0) throw new Error(`ffmpeg made no clip: ${made.stderr}`);
  return new FlvReader().push(await readFile(file));
}

/** What ffmpeg decodes of a file: pictures by their size, sound by its channels; and what it complains of. */
export async function decodedFrames(t: TestScope, file: string) {
  const entries = 'frame=media_type,width,height,channels';
  const { stdout, stderr } = await run(t, 'ffprobe', [
    ...['-v', 'error', '-show_frames', '-show_entries', entries, '-of', 'csv=p=0', file],
  ]);
  const counts: Record<string, number> = {};
  for (const line of stdout.split('\n').filter((each) => each !== '')) counts[line] = (counts[line] ?? 0) + 1;
  return { counts, stderr };
}
