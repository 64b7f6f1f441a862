import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressesIn, hlsEdge, KEY, media, message, textOf } from './hls-edge.js';

describe('HLS of a stream that is pulled', () => {
  it('pulls it with the first request, begins with short segments, and lets go after the last request', async () => {
    const { ask, upstreams, pass, streams } = hlsEdge({ origin: false, hls: 'hls_ctx off;' });
    assert.equal((await ask('/live/s.m3u8', {}, 'HEAD')).status, 404);
    assert.equal(upstreams.length, 0, 'HEAD pulls nothing');
    const first = ask('/live/s.m3u8');
    assert.equal(upstreams.length, 1);
    upstreams[0]!.events.media(media(0, 1000));
    assert.deepEqual(addressesIn(await first), ['s-1000.ts']);
    assert.match(textOf(await ask('/live/s.m3u8')), /#EXTINF:1.000/);
    await pass(14_000);
    await ask('/live/s.m3u8');
    await pass(14_000);
    assert.equal(upstreams[0]!.closed, false);
    await pass(2000);
    assert.equal(upstreams[0]!.closed, true);
    assert.equal(streams.count, 0);
    assert.equal((await ask('/live/s.m3u8', {}, 'HEAD')).status, 404, 'its segments are gone with it');
  });

  it('is a 404 when it does not come, and 503 for one address that asks for too many of those', async () => {
    const { ask, pass, upstreams } = hlsEdge({ origin: false });
    const answers = Array.from({ length: 21 }, (_, i) => ask(`/live/none${i}.m3u8`));
    await pass(8000);
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    assert.deepEqual(statuses, [...Array(20).fill(404), 503]);
    assert.equal(upstreams.length, 20);
  });

  it('is made into segments only while somebody asks, with the headers that came before', async () => {
    const { ask, upstreams, pass, playElsewhere } = hlsEdge({ origin: false, hls: 'hls_ctx off;' });
    playElsewhere();
    const { events } = upstreams[0]!;
    events.media(media(0, 5000));
    const early = ask('/live/s.m3u8');
    events.media([message(KEY, 6000), message(KEY, 7000)]);
    assert.deepEqual(addressesIn(await early), ['s-1000.ts']);
    await pass(16_000);
    events.media([message(KEY, 8000), message(KEY, 9000)]);
    assert.equal((await ask('/live/s.m3u8', {}, 'HEAD')).status, 404);
    assert.equal(upstreams[0]!.closed, false, 'the others play on');
    const again = ask('/live/s.m3u8');
    events.media([message(KEY, 10_000), message(KEY, 11_000)]);
    assert.match(textOf(await again), /#EXT-X-DISCONTINUITY\n#EXTINF:1.000, no desc\ns-1001.ts/);
  });
});
