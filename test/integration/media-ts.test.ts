import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { FlvReader, isAudioSequenceHeader, isVideoSequenceHeader, MessageType, TsMuxer } from '@dolphin/media';
import { sampleFlv } from '../support/paths.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { commonPackets } from '../support/ts-packets.js';

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
