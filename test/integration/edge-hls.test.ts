import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { noBrowser, playInBrowser } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { get, ownPlaylist, readPlaylist } from '../support/hls.js';
import { assertContiguousRun, publishFile, sourcePackets } from '../support/media.js';
import { sampleFlv } from '../support/paths.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { commonPackets } from '../support/ts-packets.js';
import { freeEdgePorts, startEdge, streamIsLive, type TestEdge } from './edge-support/edge.js';

const HLS = 'hls { enabled on; hls_fragment 2; hls_window 8; }';
const SEGMENT_S = 2;
const playlistOf = (edge: TestEdge) => `http://127.0.0.1:${edge.httpPort}/live/s.m3u8`;

describe('HLS of the built-in edge', { concurrency: true }, () => {
  it('is pulled from the origin by the first request, plays every packet, and is let go', async (t) => {
    const origin = await startEdge(t);
    const edge = await startEdge(t, { origins: [origin.address], vhost: HLS });
    publishFile(t, origin.rtmp('s'), { loop: true });
    await streamIsLive(origin, 's');
    assert.deepEqual((await edge.api.streams()).streams, []);
    const out = join(await tempDir(t), 'out.ts');
    await eventually(async () => (await get(playlistOf(edge))).status === 200, { what: 'a first segment' });
    await run(t, 'ffmpeg', ['-v', 'error', '-i', playlistOf(edge), '-t', '6', '-c', 'copy', out]);
    const source = await sourcePackets(t);
    const common = await commonPackets(t, sampleFlv, { from: 'flv' });
    assertContiguousRun(await commonPackets(t, out, { from: 'ts' }), { ...source, ...common }, { minSeconds: 5 });
    await eventually(async () => (await edge.api.streams()).streams.length === 0, {
      what: 'nothing is pulled any more',
    });
  });

  it('gives a slow reader the whole segment that it began, though the window moved on', async (t) => {
    const edge = await startEdge(t, { vhost: HLS });
    publishFile(t, edge.rtmp('s'), { loop: true });
    await eventually(async () => (await get(playlistOf(edge))).status === 200, { what: 'a first segment' });
    const own = await ownPlaylist(playlistOf(edge));
    const first = (await readPlaylist(own)).segments[0]?.url ?? '';
    const fast = Buffer.from(await (await get(first)).arrayBuffer());
    const slow = await get(first);
    await eventually(async () => (await get(first)).status === 404, { what: 'the segment is gone for others' });
    assert.deepEqual(Buffer.from(await slow.arrayBuffer()), fast);
  });

  it('plays in a browser, over another publisher and another life of the edge, too', { skip: noBrowser }, async (t) => {
    const origin = await startEdge(t);
    const ports = await freeEdgePorts();
    const start = () => startEdge(t, { origins: [origin.address], vhost: HLS, ports });
    const edge = await start();
    const publisher = publishFile(t, origin.rtmp('s'), { loop: true });
    await eventually(async () => (await get(playlistOf(edge))).status === 200, { what: 'a first segment' });
    const page = await playInBrowser(t, playlistOf(edge));
    const reaches = (seconds: number, what: string) =>
      eventually(
        async () => {
          const playback = await page.playback();
          assert.deepEqual(playback.fatal, []);
          return playback.seconds >= seconds && playback.width > 0 && playback;
        },
        { what, pollMs: 250 },
      );
    const begun = await reaches(0.1, 'it plays');
    const before = await reaches(begun.seconds + 3 * SEGMENT_S, 'three segments on');
    await publisher.stop();
    publishFile(t, origin.rtmp('s'), { loop: true });
    const second = await reaches(before.seconds + 6 * SEGMENT_S, 'segments of the second publisher');
    await edge.process.stop('SIGKILL');
    await start();
    const third = await reaches(second.seconds + 3 * SEGMENT_S, 'segments of the next edge');
    // Its time may have jumped there.
    await reaches(third.seconds + 3 * SEGMENT_S, 'it plays on');
  });
});
