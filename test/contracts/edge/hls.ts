import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { clientsOf, startEdge, type TestEdge } from '../../integration/edge-support/edge.js';
import { eventually } from '../../support/eventually.js';
import { get, ownPlaylist, type Playlist, readPlaylist } from '../../support/hls.js';
import { assertContiguousRun, publishFile, sourcePackets } from '../../support/media.js';
import { sampleFlv } from '../../support/paths.js';
import { run } from '../../support/processes.js';
import { tempDir } from '../../support/temp-dir.js';
import { commonPackets } from '../../support/ts-packets.js';
import type { EdgeUnderTest } from './edge-under-test.js';

/** The sample has a key frame each second or two. */
const HLS = (more = '') => `hls { enabled on; hls_path .; hls_fragment 2; hls_window 8; ${more} }`;

export function hlsContract(edge: EdgeUnderTest): void {
  const start = (t: TestContext, hls: string) =>
    startEdge(t, { vhost: hls, ...(edge.binary !== undefined && { binary: edge.binary }) });
  const playlistOf = (it: TestEdge, stream = 's') => `http://127.0.0.1:${it.httpPort}/live/${stream}.m3u8`;

  it('plays every packet of a published stream, and lists each viewer once', async (t) => {
    const server = await start(t, HLS());
    publishFile(t, server.rtmp('s'), { loop: true });
    const everybody = playlistOf(server);
    await eventually(async () => (await get(everybody)).status === 200, { what: 'the first segment' });
    const out = join(await tempDir(t), 'out.ts');
    await run(t, 'ffmpeg', ['-v', 'error', '-i', everybody, '-t', '6', '-c', 'copy', out]);
    const source = await sourcePackets(t);
    const common = await commonPackets(t, sampleFlv, { from: 'flv' });
    assertContiguousRun(await commonPackets(t, out, { from: 'ts' }), { ...source, ...common }, { minSeconds: 5 });

    const own = await ownPlaylist(everybody);
    const token = new URL(own).searchParams.get('hls_ctx');
    await readPlaylist(own);
    const viewers = (await clientsOf(server)).filter(({ type }) => type === 'hls-play');
    const viewer = viewers.find(({ id }) => id === token);
    assert.equal(viewers.filter(({ id }) => id === token).length, 1);
    assert.deepEqual([viewer?.name, viewer?.url, viewer?.publish], ['s.m3u8', '/live/s', false]);
    const kicked = await fetch(`${server.apiBase}/api/v1/clients/${token}`, { method: 'DELETE' });
    assert.equal(kicked.status, 200);
    assert.equal((await get(own)).status, 404, 'who was cut gets no more under that token');
  });

  it('has SRS’s names, tags and headers', async (t) => {
    const server = await start(t, HLS());
    publishFile(t, server.rtmp('s'), { loop: true });
    const everybody = playlistOf(server);
    await eventually(async () => (await get(everybody)).status === 200, { what: 'the first segment' });
    const own = await ownPlaylist(`${everybody}?who=me`);
    assert.match(own, /\/live\/s\.m3u8\?hls_ctx=\w{8}&who=me$/);
    const playlist = await readPlaylist(own, { headers: { Origin: 'http://site.example' } });
    assert.match(playlist.text, /^#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:\d+\n#EXT-X-TARGETDURATION:\d+\n/);
    assert.equal(playlist.segments[0]?.discontinuity, true, 'it goes on from nothing');
    assert.match(playlist.text, /\n#EXTINF:\d+\.\d{3}, no desc\ns-\d+\.ts\?hls_ctx=\w{8}\n/);
    assert.equal(playlist.headers.get('content-type'), 'application/vnd.apple.mpegurl');
    assert.equal(playlist.headers.get('access-control-allow-origin'), '*');
    for (const { seconds } of playlist.segments) assert.ok(Math.round(seconds) <= playlist.targetSeconds);
    const segment = await get(playlist.segments[0]?.url ?? '');
    assert.equal(segment.headers.get('content-type'), 'video/MP2T');
    const bytes = Buffer.from(await segment.arrayBuffer());
    assert.deepEqual([bytes[0], bytes.length % 188], [0x47, 0]);
    assert.equal(segment.headers.get('content-length'), String(bytes.length));
    const called = async (path: string) => (await fetch(`${server.apiBase}/api/v1/${path}`)).json();
    const { vhosts } = (await called('vhosts/')) as { vhosts: { hls: object }[] };
    assert.deepEqual(vhosts[0]?.hls, { enabled: true, fragment: 2 });
    const { features } = ((await called('features')) as { data: { features: Record<string, boolean> } }).data;
    assert.deepEqual([features['hls'], features['dvr']], [true, true]);
    for (const missing of ['none.m3u8', 's-99999.ts']) {
      assert.equal((await get(new URL(missing, everybody).href)).status, 404, missing);
    }
  });

  it('moves its window on, goes on counting over another publisher, and does not end', async (t) => {
    const server = await start(t, HLS('hls_ctx off;'));
    const url = playlistOf(server);
    const first = publishFile(t, server.rtmp('s'), { loop: true });
    const until = (is: (playlist: Playlist) => boolean, what: string) =>
      eventually(
        async () => {
          const playlist = await readPlaylist(url);
          return playlist.status === 200 && is(playlist) && playlist;
        },
        { what },
      );
    const early = await until(() => true, 'the first segment');
    const moved = await until(({ sequence }) => sequence >= early.sequence + 2, 'the window moved');
    const listed = moved.segments.reduce((sum, { seconds }) => sum + seconds, 0);
    assert.ok(listed <= 8 + 2 * moved.targetSeconds, `${listed} s are listed`);
    await first.stop();
    // Its last segment is there when it is known to be over.
    await eventually(async () => (await server.api.streams()).streams.every(({ publish }) => !publish.active), {
      what: 'the first publisher is gone',
    });
    const ended = await until(() => true, 'the playlist of a stream that ended');
    assert.doesNotMatch(ended.text, /ENDLIST/);
    assert.equal((await get(ended.segments.at(-1)?.url ?? '')).status, 200);
    publishFile(t, server.rtmp('s'), { loop: true });
    const last = ended.segments.at(-1)?.url ?? '';
    const again = await until(({ segments }) => {
      const at = segments.findIndex((segment) => segment.url === last);
      return at >= 0 ? segments.length > at + 1 : false;
    }, 'segments of the second publisher behind those of the first');
    assert.ok(again.sequence >= ended.sequence);
    const at = again.segments.findIndex((segment) => segment.url === last);
    assert.equal(again.segments[at + 1]?.discontinuity, true);
  });
}
