import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { demux } from '../media/ts-demuxer.js';
import { addressesIn, hlsEdge, media, textOf } from './hls-edge.js';

describe('HLS of a published stream', () => {
  it('begins with a token, lists segments that can be decoded, and counts one viewer', async () => {
    const { ask, publish, clients } = hlsEdge();
    publish().media(media(0, 6000));
    const [own = ''] = addressesIn(await ask('/live/s.m3u8?x=1'));
    assert.match(own, /^\/live\/s\.m3u8\?hls_ctx=[a-z0-9]{8}&x=1$/);
    const playlist = await ask(own);
    assert.equal(playlist.headers?.['Content-Type'], 'application/vnd.apple.mpegurl');
    const segments = addressesIn(playlist);
    const token = own.slice(own.indexOf('hls_ctx='), own.indexOf('&'));
    assert.deepEqual(
      segments,
      [1000, 1001, 1002].map((number) => `s-${number}.ts?${token}`),
    );
    const segment = await ask(`/live/${segments[0]}`);
    assert.equal(segment.headers?.['Content-Type'], 'video/MP2T');
    assert.equal(demux(segment.body!).pes.length, 2);
    const [viewer] = [...clients.all()];
    assert.equal(viewer?.client.type, 'hls-play');
    assert.ok(viewer.client.sentBytes > segment.body!.length);
    assert.equal(clients.totals().sent, 0, 'its connections count these bytes');
  });

  it('gives the same bytes of a segment to everybody', async () => {
    const { ask, publish } = hlsEdge({ hls: 'hls_ctx off;' });
    publish().media(media(0, 4000));
    assert.deepEqual(addressesIn(await ask('/live/s.m3u8')), ['s-1000.ts', 's-1001.ts']);
    assert.equal((await ask('/live/s-1000.ts')).body, (await ask('/live/s-1000.ts')).body);
  });

  it('is not there before it is published, and not without a segment after a while', async () => {
    const { ask, publish } = hlsEdge();
    assert.equal((await ask('/live/s.m3u8')).status, 404);
    assert.equal((await ask('/live/s-1000.ts')).status, 404);
    const path = publish();
    path.media(media(0, 1000));
    const early = ask('/live/s.m3u8');
    path.media(media(2000, 3000));
    assert.equal((await early).status, 200, 'it waited for its first segment');
    const never = hlsEdge();
    never.publish();
    const answer = never.ask('/live/s.m3u8');
    assert.equal((await never.ask('/live/s.m3u8', {}, 'HEAD')).status, 404, 'HEAD waits for nobody');
    await never.pass(8000);
    assert.equal((await answer).status, 404);
  });

  it('goes on counting over publishers, marks them, and is gone some time after the last one', async () => {
    const { ask, publish, pass } = hlsEdge({ hls: 'hls_ctx off; hls_dispose 30;' });
    const first = publish();
    first.media(media(0, 2000));
    first.end();
    await pass(29_000);
    assert.equal((await ask('/live/s.m3u8')).status, 200);
    const second = publish();
    second.media(media(0, 2000));
    await pass(60_000);
    const text = textOf(await ask('/live/s.m3u8'));
    assert.match(
      text,
      /SEQUENCE:1000\n[\s\S]*#EXT-X-DISCONTINUITY\n#EXTINF:.*\ns-1000\.ts[\s\S]*#EXT-X-DISCONTINUITY\n#EXTINF:2.000, no desc\ns-1001\.ts/,
    );
    second.end();
    await pass(30_000);
    assert.equal((await ask('/live/s.m3u8')).status, 404);
  });

  it('zips playlists for those who take it', async () => {
    const { ask, publish } = hlsEdge({ hls: 'hls_ctx off; hls_window 600;' });
    const path = publish();
    path.media(media(0, 20_000));
    const plain = await ask('/live/s.m3u8', { 'accept-encoding': 'gzip;q=0' });
    const zipped = await ask('/live/s.m3u8', { 'accept-encoding': 'br, gzip' });
    assert.equal(plain.headers?.['Content-Encoding'], undefined);
    assert.equal(zipped.headers?.['Content-Encoding'], 'gzip');
    assert.deepEqual(gunzipSync(zipped.body!), plain.body);
    const again = await ask('/live/s.m3u8', { 'accept-encoding': 'gzip' });
    assert.equal(again.body, zipped.body, 'once for everybody');
    path.media(media(20_000, 24_000));
    const next = await ask('/live/s.m3u8', { 'accept-encoding': 'gzip' });
    assert.notDeepEqual(gunzipSync(next.body!), plain.body);
  });
});
