import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { FlvReader, isAudioSequenceHeader, isVideoSequenceHeader, MessageType, TsMuxer } from '@dolphin/media';
import { sampleFlv } from '../support/paths.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { commonPackets } from '../support/ts-packets.js';
import { unitsOf } from '../unit/media/ts-demuxer.js';
import { hevcFrame, hevcHeaders } from '../unit/media/ts-messages.js';

/** Unit types of HEVC. */
const SPS = 33;
const DELIMITER = 35;
const typeOf = (unit: Buffer) => ((unit[0] ?? 0) >> 1) & 0x3f;
/** The start code behind a unit may have a zero more. */
const zerosBehind = (unit: Buffer) => (unit.at(-1) === 0 ? 1 : 0);

/** All of an FLV file as one segment, at `path`. */
async function remux(flv: string, path: string): Promise<void> {
  const ts = new TsMuxer();
  for (const { typeId, timestamp, payload } of new FlvReader().push(await readFile(flv))) {
    if (typeId === MessageType.video) {
      if (isVideoSequenceHeader(payload)) ts.videoHeader(payload);
      else ts.video(payload, timestamp);
    } else if (typeId === MessageType.audio) {
      if (isAudioSequenceHeader(payload)) ts.audioHeader(payload);
      else ts.audio(payload, timestamp);
    }
  }
  await writeFile(path, ts.end() ?? Buffer.alloc(0));
}

async function encoded(t: TestContext, dir: string, codecs: readonly string[]): Promise<string> {
  const flv = join(dir, 'source.flv');
  const sources = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=4', '-f', 'lavfi', '-i', 'sine=d=4'];
  await run(t, 'ffmpeg', ['-v', 'error', ...sources, ...codecs, '-g', '25', '-f', 'flv', flv]);
  return flv;
}

describe('MPEG-TS that ffmpeg reads back', () => {
  it('has every packet of the sample, and nothing to complain about', async (t) => {
    const path = join(await tempDir(t), 'out.ts');
    await remux(sampleFlv, path);
    const got = await commonPackets(t, path, { from: 'ts' });
    assert.deepEqual(got, await commonPackets(t, sampleFlv, { from: 'flv' }));
    const { stderr } = await run(t, 'ffmpeg', ['-v', 'warning', '-i', path, '-t', '10', '-f', 'null', '-']);
    assert.equal(stderr, '');
  });

  it('has HEVC, as codec id 12 and as enhanced RTMP has it', async (t) => {
    const dir = await tempDir(t);
    const hevc = join(dir, 'source.hevc');
    const encoder = [
      '-c:v',
      'libx265',
      '-preset',
      'ultrafast',
      '-x265-params',
      'log-level=none:aud=1:repeat-headers=1',
    ];
    const source = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=2'];
    await run(t, 'ffmpeg', ['-v', 'error', ...source, ...encoder, '-g', '25', hevc]);
    const units = unitsOf(await readFile(hevc)).map((unit) => unit.subarray(0, unit.length - zerosBehind(unit)));
    const frames: Buffer[][] = [];
    for (const unit of units) {
      if (typeOf(unit) === DELIMITER) frames.push([]);
      else frames.at(-1)?.push(unit);
    }
    const want = await commonPackets(t, hevc, { from: 'annexb', codec: 'hevc', audio: 'none' });
    for (const form of ['classic', 'frames-x'] as const) {
      const ts = new TsMuxer();
      assert.equal(ts.videoHeader(hevcHeaders[form === 'classic' ? 'classic' : 'enhanced']), 'first');
      frames.forEach((frame, i) => {
        assert.ok(ts.video(hevcFrame(frame, { form, key: frame.some((unit) => typeOf(unit) === SPS) }), i * 40));
      });
      const path = join(dir, `${form}.ts`);
      await writeFile(path, ts.end() ?? Buffer.alloc(0));
      assert.deepEqual(
        (await commonPackets(t, path, { from: 'ts', codec: 'hevc', audio: 'none' })).video,
        want.video,
        form,
      );
    }
  });

  it('has B-frames with MP3, decoded in order and shown in order', async (t) => {
    const dir = await tempDir(t);
    const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-c:a', 'libmp3lame', '-ar', '44100'];
    const flv = await encoded(t, dir, codecs);
    const path = join(dir, 'out.ts');
    await remux(flv, path);
    const got = await commonPackets(t, path, { from: 'ts', audio: 'mp3' });
    assert.deepEqual(got, await commonPackets(t, flv, { from: 'flv', audio: 'mp3' }));
    const times = async (file: string) => {
      const args = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts_time,dts_time', '-of', 'json'];
      const { stdout } = await run(t, 'ffprobe', [...args, file]);
      const { packets } = JSON.parse(stdout) as { packets: { pts_time: string; dts_time: string }[] };
      return packets.map((packet) => Math.round((Number(packet.pts_time) - Number(packet.dts_time)) * 1000));
    };
    assert.deepEqual(await times(path), await times(flv));
  });
});
