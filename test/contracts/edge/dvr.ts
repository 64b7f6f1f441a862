import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { decodeAmf0, FlvReader, isAmfObject } from '@dolphin/media';
import { startEdge } from '../../integration/edge-support/edge.js';
import { eventually } from '../../support/eventually.js';
import { assertContiguousRun, type PacketHashes, sourcePackets } from '../../support/media.js';
import { sampleFlv } from '../../support/paths.js';
import { startProcess } from '../../support/processes.js';
import { tempDir } from '../../support/temp-dir.js';
import type { EdgeUnderTest } from './edge-under-test.js';

const SECONDS = 6;

/** Names of the recordings there, in order; null while one is not over, or none is there. */
export async function recordingsIn(dir: string): Promise<string[] | null> {
  const names = (await readdir(dir).catch(() => [])).sort();
  return names.length === 0 || names.some((name) => !name.endsWith('.flv')) ? null : names;
}

/** DVR to FLV: what is recorded under which names, by both plans. */
export function dvrContract(edge: EdgeUnderTest): void {
  const start = (t: TestContext, dir: string, dvr: string) =>
    startEdge(t, {
      vhost: `dvr { enabled on; dvr_path ${dir}/[app]/[stream].[timestamp].flv; ${dvr} }`,
      ...(edge.binary !== undefined && { binary: edge.binary }),
    });

  it('records what is published, by session and by segment, and what it is told to alone', async (t) => {
    const source = await sourcePackets(t);
    const dir = await tempDir(t);
    const [whole, parts] = [join(dir, 'whole'), join(dir, 'parts')];
    const session = await start(t, whole, 'dvr_plan session; dvr_apply live/kept;');
    const segments = await start(t, parts, 'dvr_plan segment; dvr_duration 2; dvr_wait_keyframe on;');
    const publish = (url: string) => {
      const input = ['-re', '-i', sampleFlv, '-t', `${SECONDS}`];
      return startProcess(t, 'ffmpeg', ['-v', 'error', ...input, '-c', 'copy', '-f', 'flv', url]).exited;
    };
    const published = [session.rtmp('kept'), session.rtmp('other'), segments.rtmp('kept')].map(publish);
    await eventually(async () => (await readdir(join(whole, 'live'))).length > 0, { what: 'it records' });
    const [partial = ''] = await readdir(join(whole, 'live'));
    assert.match(partial, /^kept\.\d{13}\.flv\.tmp$/, 'under another name until it is over');
    await Promise.all(published);
    // Between two parts there is a moment in which all that are there are over.
    for (const { api } of [session, segments]) {
      await eventually(async () => (await api.streams()).streams.every(({ publish }) => !publish.active), {
        what: 'the publishers are gone',
      });
    }

    const names = await eventually(() => recordingsIn(join(whole, 'live')), { what: 'the recording is over' });
    assert.equal(names.length, 1, 'and of the other stream there is none');
    const file = join(whole, 'live', names[0] ?? '');
    const run = assertContiguousRun(await sourcePackets(t, file), source, { minSeconds: SECONDS - 1 });
    assert.equal(run.videoStart, 0);
    const bytes = await readFile(file);
    const [metadata] = new FlvReader().push(bytes);
    const { filesize, duration, width } = decodeAmf0(metadata?.payload ?? Buffer.alloc(0)).find(isAmfObject) ?? {};
    assert.equal(filesize, bytes.length);
    assert.equal(width, 640);
    assert.ok(typeof duration === 'number' && Math.abs(duration - SECONDS) < 0.5, `${duration} s`);

    const segmentNames = await eventually(() => recordingsIn(join(parts, 'live')), { what: 'the last part is over' });
    assert.ok(segmentNames.length >= 2, segmentNames.join());
    const all: PacketHashes = { video: [], audio: [] };
    for (const name of segmentNames) {
      const part = await sourcePackets(t, join(parts, 'live', name));
      assert.ok(part.keyFrames.has(0), `${name} begins with a key frame`);
      all.video.push(...part.video);
      all.audio.push(...part.audio);
    }
    assert.equal(assertContiguousRun(all, source, { minSeconds: SECONDS - 1, what: 'all parts' }).videoStart, 0);
  });
}
