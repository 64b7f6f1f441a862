import type { TestScope } from './cleanup.js';
import { DEADLINE_MS } from './eventually.js';
import { sampleFlv } from './paths.js';
import { run, startProcess, type TestProcess } from './processes.js';

// Not `-map 0`: a metadata stream never reaches -t, and ffmpeg waits for it.
const MAPS = ['-map', '0:v', '-map', '0:a'];

/** Hashes of the packets of a recording, audio and video apart, in order. */
export interface PacketHashes {
  video: string[];
  audio: string[];
}

/** The source's packets, and which video packets are key frames. */
export interface SourcePackets extends PacketHashes {
  keyFrames: Set<number>;
  videoFps: number;
}

/** Publishes a file at its own pace with a real ffmpeg. It ends with the file: the sample lasts 64 s. */
export function publishFile(t: TestScope, url: string, options: { file?: string; loop?: boolean } = {}): TestProcess {
  const loop = options.loop ? ['-stream_loop', '-1'] : [];
  const input = ['-re', ...loop, '-i', options.file ?? sampleFlv];
  return startProcess(t, 'ffmpeg', [
    '-hide_banner',
    '-nostats',
    '-v',
    'warning',
    ...input,
    '-c',
    'copy',
    '-f',
    'flv',
    url,
  ]);
}

export interface Recording {
  /** Resolves when the player has `seconds` of media or ended before; `stderr` says why. */
  readonly done: Promise<PacketHashes & { code: number | null; stderr: string }>;
  /** The packets so far. */
  soFar(): PacketHashes;
  readonly process: TestProcess;
}

/** Plays a URL with a real ffmpeg for `seconds` of media time; packets are hashed as they came, not decoded. */
export function startRecording(t: TestScope, url: string, options: { seconds: number }): Recording {
  const args = ['-hide_banner', '-nostats', '-v', 'error', '-i', url, '-t', String(options.seconds)];
  const process = startProcess(t, 'ffmpeg', [
    ...args,
    ...MAPS,
    '-c',
    'copy',
    '-flush_packets',
    '1',
    '-f',
    'framemd5',
    '-',
  ]);
  const timer = setTimeout(() => process.kill('SIGKILL'), options.seconds * 1000 + DEADLINE_MS);
  const done = process.exited.then(({ code }) => {
    clearTimeout(timer);
    return { ...parseFrameMd5(process.stdout()), code, stderr: process.stderr() };
  });
  done.catch(() => undefined);
  return { done, soFar: () => parseFrameMd5(process.stdout()), process };
}

/** All packets of a file, with its key frames. */
export async function sourcePackets(t: TestScope, file = sampleFlv): Promise<SourcePackets> {
  const hashes = await run(t, 'ffmpeg', ['-v', 'error', '-i', file, ...MAPS, '-c', 'copy', '-f', 'framemd5', '-']);
  const probe = await run(t, 'ffprobe', [
    ...[
      '-v',
      'error',
      '-select_streams',
      'v:0',
      '-show_entries',
      'packet=flags:stream=r_frame_rate',
      '-of',
      'csv',
      file,
    ],
  ]);
  const flags = probe.stdout.split('\n').filter((line) => line.startsWith('packet,'));
  const [frames = 25, per = 1] = (/stream,(\d+)\/(\d+)/.exec(probe.stdout)?.slice(1) ?? []).map(Number);
  const keyFrames = new Set(flags.flatMap((line, index) => (line.includes('K') ? [index] : [])));
  return { ...parseFrameMd5(hashes.stdout), keyFrames, videoFps: frames / per };
}

/** What a source is when it is played so many times in a row. */
export function looped(source: SourcePackets, times: number): SourcePackets {
  const repeat = (hashes: readonly string[]) => Array.from({ length: times }, () => hashes).flat();
  const { length } = source.video;
  const keyFrames = [...source.keyFrames].flatMap((at) => Array.from({ length: times }, (_, n) => at + n * length));
  return { ...source, video: repeat(source.video), audio: repeat(source.audio), keyFrames: new Set(keyFrames) };
}

/** How far apart audio and video of one source may lie, by interleaving and by a player that ends between the two. */
const MAX_APART_S = 0.5;

/**
 * Fails unless what was received is one contiguous run of the source, video and audio each, of at least
 * `minSeconds`, that begins at a key frame, and audio and video belong together. Gives the run's place in the source's
 * video packets.
 */
export function assertContiguousRun(
  received: PacketHashes,
  source: SourcePackets,
  options: { minSeconds?: number; what?: string } = {},
): { videoStart: number; videoLength: number } {
  const { minSeconds = 10, what = 'player' } = options;
  const videoStart = placeOfRun(received.video, source.video, `${what}: video`);
  const audioStart = placeOfRun(received.audio, source.audio, `${what}: audio`);
  if (!source.keyFrames.has(videoStart)) {
    throw new Error(`${what}: the run begins at video packet ${videoStart}, which is no key frame`);
  }
  const seconds = received.video.length / source.videoFps;
  if (seconds < minSeconds) throw new Error(`${what}: the run lasts ${seconds} s, less than ${minSeconds} s`);
  const audioPerS = (source.audio.length * source.videoFps) / source.video.length;
  const audioSeconds = received.audio.length / audioPerS;
  if (audioSeconds < minSeconds - MAX_APART_S) throw new Error(`${what}: the audio lasts ${audioSeconds} s only`);
  const apartS = audioStart / audioPerS - videoStart / source.videoFps;
  if (Math.abs(apartS) > MAX_APART_S) throw new Error(`${what}: the audio begins ${apartS} s after the video`);
  return { videoStart, videoLength: received.video.length };
}

/** The index in `source` at which all of `run` stands, packet for packet. */
function placeOfRun(run: readonly string[], source: readonly string[], what: string): number {
  if (run.length === 0) throw new Error(`${what}: no packet was received`);
  let best = 0;
  let bestStart = -1;
  for (let start = 0; start < source.length; start++) {
    let length = 0;
    while (length < run.length && run[length] === source[start + length]) length++;
    if (length === run.length) return start;
    if (length > best) [best, bestStart] = [length, start];
  }
  throw new Error(
    `${what}: ${run.length} packets are no contiguous run of the source; the longest match is ${best} packets from ${bestStart}`,
  );
}

function parseFrameMd5(text: string): PacketHashes {
  const kinds = new Map<string, 'video' | 'audio'>();
  const hashes: PacketHashes = { video: [], audio: [] };
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  for (const line of complete.split('\n')) {
    const kind = /^#media_type (\d+): (video|audio)/.exec(line);
    if (kind?.[1] && kind[2]) kinds.set(kind[1], kind[2] as 'video' | 'audio');
    if (line.startsWith('#') || line === '') continue;
    const [index = '', , , , , hash = ''] = line.split(',').map((field) => field.trim());
    const media = kinds.get(index);
    if (media) hashes[media].push(hash);
  }
  return hashes;
}
