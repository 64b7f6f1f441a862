import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { decodeAmf0, FlvReader, type FlvTag, isAmfObject, MessageType } from '@dolphin/media';
import { startEdge } from '../../integration/edge-support/edge.js';
import { eventually } from '../../support/eventually.js';
import { CLIP_FRAMES, decodedFrames, madeClip } from '../../support/made-clips.js';
import { assertContiguousRun, type PacketHashes, sourcePackets } from '../../support/media.js';
import { sampleFlv } from '../../support/paths.js';
import { startProcess } from '../../support/processes.js';
import { tempDir } from '../../support/temp-dir.js';
import type { EdgeUnderTest } from './edge-under-test.js';
import { publisher } from './rtmp-support.js';

const SECONDS = 6;
/** A clip lasts a second; its sound a little longer. */
const CLIP_MS = 1100;

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

  it('goes on over a change of the codecs’ parameters, and all of it can be decoded', async (t) => {
    const dir = await tempDir(t);
    const server = await start(t, dir, 'dvr_plan session;');
    const clips = [
      await madeClip(t, { width: 320, height: 180, channels: 2 }),
      await madeClip(t, { width: 160, height: 90, channels: 1 }),
    ];
    const { send, end } = await publisher(t, server, 's');
    for (const [second, tags] of clips.entries()) {
      send(...tags.map((tag) => ({ ...tag, timestamp: tag.timestamp + second * CLIP_MS })));
    }
    await eventually(async () => (await server.api.streams()).streams.some(({ frames }) => frames >= 2 * CLIP_FRAMES), {
      what: 'all of it has come',
    });
    await end();
    const names = await eventually(() => recordingsIn(join(dir, 'live')), { what: 'the recording is over' });
    assert.equal(names.length, 1, 'one publish is one file');
    const file = join(dir, 'live', names[0] ?? '');
    const recorded = new FlvReader().push(await readFile(file));
    const payloadsOf = (tags: readonly FlvTag[], typeId: number) =>
      tags.filter((tag) => tag.typeId === typeId).map(({ payload }) => payload.toString('hex'));
    for (const typeId of [MessageType.video, MessageType.audio]) {
      // The second clip's header stands where it came, as the first one's does in front.
      assert.deepEqual(payloadsOf(recorded, typeId), payloadsOf(clips.flat(), typeId));
    }
    const { counts, stderr } = await decodedFrames(t, file);
    assert.equal(stderr, '');
    // A decoder that is set up anew may drop the picture that it held.
    for (const frames of [counts['video,320,180'], counts['video,160,90']]) {
      assert.ok(frames !== undefined && frames >= CLIP_FRAMES - 1, JSON.stringify(counts));
    }
    for (const frames of [counts['audio,2'], counts['audio,1']]) {
      assert.ok(frames !== undefined && frames > 20, JSON.stringify(counts));
    }
  });
}
