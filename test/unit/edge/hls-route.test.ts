import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Admission } from '@dolphin/edge/app/admission.js';
import { Clients } from '@dolphin/edge/app/clients.js';
import { hlsRoute } from '@dolphin/edge/app/hls-route.js';
import { HlsSessions } from '@dolphin/edge/app/hls-sessions.js';
import { HlsStreams } from '@dolphin/edge/app/hls-streams.js';
import { HookCalls, type PostHook } from '@dolphin/edge/app/hook-calls.js';
import type { HttpRequest } from '@dolphin/edge/app/http-routes.js';
import { noTrouble } from '@dolphin/edge/app/server.js';
import { Streams } from '@dolphin/edge/app/streams.js';
import type { UpstreamEvents } from '@dolphin/edge/app/upstream.js';
import type { HttpAnswer } from '@dolphin/edge/domain/http-answer.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { MessageType, type RtmpMessage } from '@dolphin/media';
import { parseConf } from '@dolphin/srs';
import { demux } from '../media/ts-demuxer.js';
import * as m from '../media/ts-messages.js';

const FIRST = 1000;
const KEY = m.avcFrame([Buffer.from([0x65, 1])], { key: true });
const message = (payload: Buffer, timestamp: number): RtmpMessage => ({
  typeId: MessageType.video,
  timestamp,
  streamId: 1,
  payload,
});

/** An edge with HLS, in a time that passes when the test says so. */
function edge(
  o: { hls?: string; access?: string; hookAnswer?: string; origin?: boolean; maxConnections?: number } = {},
) {
  const cluster = o.origin === false ? 'cluster { mode remote; origin o:1; }' : '';
  const conf = `listen 1; vhost __defaultVhost__ { ${cluster} hls { enabled on; hls_fragment 2; ${o.hls ?? ''} } ${o.access ?? ''} }`;
  const { settings } = readSettings(parseConf(conf, 'edge.conf'));
  const vhost = settings.vhosts.get('__defaultVhost__')!;
  let nowMs = 0;
  const due = new Set<{ at: number; fn: () => void }>();
  const timers = {
    now: () => nowMs,
    after: (ms: number, fn: () => void) => {
      const one = { at: nowMs + ms, fn };
      due.add(one);
      return () => due.delete(one);
    },
  };
  const pass = async (ms: number) => {
    const end = nowMs + ms;
    for (;;) {
      const next = [...due].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      due.delete(next);
      nowMs = next.at;
      next.fn();
      await Promise.resolve();
    }
    nowMs = end;
    await new Promise((resolve) => setImmediate(resolve));
  };
  const upstreams: { events: UpstreamEvents; closed: boolean }[] = [];
  const log = { info: () => undefined, warn: () => undefined, debug: () => undefined };
  const dial = (_: unknown, events: UpstreamEvents) => {
    const one = { events, closed: false };
    upstreams.push(one);
    return {
      close: () => {
        one.closed = true;
      },
      send: () => true,
    };
  };
  const clients = new Clients(o.maxConnections ?? 10);
  const random = Math.random;
  const trouble = noTrouble();
  const hls = new HlsStreams({ timers, unixSeconds: () => FIRST, trouble });
  const hooks: { action: string; client_id: string }[] = [];
  const post: PostHook = (_, body, onAnswer) => {
    hooks.push(JSON.parse(body));
    onAnswer({ status: 200, body: o.hookAnswer ?? '0' });
    return () => undefined;
  };
  const calls = new HookCalls({ post, timers, log, onDropped: () => undefined });
  const server = { serverId: 'edge', serviceId: 'life' };
  const admission = new Admission({ server, calls, showToken: async () => ({ is: 'accepted' }) });
  const streams = new Streams({
    serverId: 'edge',
    serviceId: 'life',
    chunkSize: 60_000,
    pull: { dial, timers, log, random },
    tapsOf: (key, of) => hls.tapsOf(key, of),
  });
  const sessions = new HlsSessions({ clients, timers, random });
  const route = hlsRoute({ settings: () => settings, streams, hls, sessions, admission, trouble, gzip: gzipSync });
  const ask = async (url: string, headers: Record<string, string> = {}, method: HttpRequest['method'] = 'GET') => {
    const [path = '', query = ''] = url.split('?');
    const header = (name: string) => headers[name] ?? '';
    const outcome = route({ method, path, query, host: 'h', address: '192.0.2.1', header });
    if (outcome?.is !== 'answer' && outcome?.is !== 'late') assert.fail('the path is no address of HLS');
    return await outcome.answer;
  };
  const key = { vhost: vhost.name, app: 'live', stream: 's' };
  const publish = () => {
    const publisher = { id: 'p', ready: () => undefined, resume: () => undefined, end: () => undefined };
    const path = streams.publish({ key, settings: vhost, query: '', hops: [] }, publisher);
    assert.ok(typeof path === 'object');
    return path;
  };
  const playElsewhere = () =>
    streams.hold({ key, settings: vhost, query: '', hops: [], address: '192.0.2.2', isEdge: false });
  return { ask, pass, publish, clients, upstreams, streams, playElsewhere, hooks };
}

/** A header, and a key frame a second. */
const media = (fromMs: number, toMs: number) => {
  const keys = Array.from({ length: (toMs - fromMs) / 1000 + 1 }, (_, i) => message(KEY, fromMs + i * 1000));
  return [message(m.avcHeader, fromMs), ...keys];
};
const textOf = (answer: HttpAnswer) => answer.body?.toString() ?? '';
const addressesIn = (answer: HttpAnswer) =>
  textOf(answer)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

describe('HLS of a published stream', () => {
  it('begins with a token, lists segments that can be decoded, and counts one viewer', async () => {
    const { ask, publish, clients } = edge();
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
    const { ask, publish } = edge({ hls: 'hls_ctx off;' });
    publish().media(media(0, 4000));
    assert.deepEqual(addressesIn(await ask('/live/s.m3u8')), ['s-1000.ts', 's-1001.ts']);
    assert.equal((await ask('/live/s-1000.ts')).body, (await ask('/live/s-1000.ts')).body);
  });

  it('is not there before it is published, and not without a segment after a while', async () => {
    const { ask, publish } = edge();
    assert.equal((await ask('/live/s.m3u8')).status, 404);
    assert.equal((await ask('/live/s-1000.ts')).status, 404);
    const path = publish();
    path.media(media(0, 1000));
    const early = ask('/live/s.m3u8');
    path.media(media(2000, 3000));
    assert.equal((await early).status, 200, 'it waited for its first segment');
    const never = edge();
    never.publish();
    const answer = never.ask('/live/s.m3u8');
    assert.equal((await never.ask('/live/s.m3u8', {}, 'HEAD')).status, 404, 'HEAD waits for nobody');
    await never.pass(8000);
    assert.equal((await answer).status, 404);
  });

  it('goes on counting over publishers, marks them, and is gone some time after the last one', async () => {
    const { ask, publish, pass } = edge({ hls: 'hls_ctx off; hls_dispose 30;' });
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
    const { ask, publish } = edge({ hls: 'hls_ctx off; hls_window 600;' });
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

describe('a viewer over HLS', () => {
  it('is gone two windows after its last request', async () => {
    const { ask, publish, clients, pass } = edge({ hls: 'hls_window 10;' });
    publish().media(media(0, 6000));
    const [own = ''] = addressesIn(await ask('/live/s.m3u8'));
    await pass(19_000);
    await ask(own);
    await pass(19_000);
    assert.equal([...clients.all()].length, 1);
    await pass(10_000);
    assert.equal([...clients.all()].length, 0);
  });

  it('that an operator ends gets no more, and keeps nobody’s place', async () => {
    const { ask, publish, clients } = edge();
    publish().media(media(0, 6000));
    const [own = ''] = addressesIn(await ask('/live/s.m3u8'));
    const [segment] = addressesIn(await ask(own));
    for (const { client } of clients.all()) client.close('kicked');
    assert.equal([...clients.all()].length, 0);
    assert.equal((await ask(own)).status, 404);
    assert.equal((await ask(`/live/${segment}`)).status, 404);
    assert.equal((await ask('/live/s.m3u8')).status, 200);
  });

  it('goes on with the token that another server gave it', async () => {
    const { ask, publish } = edge();
    publish().media(media(0, 6000));
    const segments = addressesIn(await ask('/live/s.m3u8?hls_ctx=abcd1234'));
    assert.ok(segments[0]?.endsWith('.ts?hls_ctx=abcd1234'));
  });

  it('is refused where there are as many viewers as may be connections, and takes none of their places', async () => {
    const { ask, publish, clients } = edge({ maxConnections: 1 });
    publish().media(media(0, 6000));
    const [own = ''] = addressesIn(await ask('/live/s.m3u8'));
    assert.equal((await ask('/live/s.m3u8')).status, 503);
    assert.equal((await ask(own)).status, 200);
    assert.deepEqual([clients.isFull, clients.count, [...clients.all()].length], [false, 0, 1]);
  });
});

describe('HLS of a vhost that restricts who may come in', () => {
  it('asks about each viewer once, before anything is pulled, and tells when it is gone', async () => {
    const access = 'http_hooks { enabled on; on_play http://h/p; on_stop http://h/s; }';
    const { ask, pass, upstreams, hooks } = edge({ origin: false, access, hls: 'hls_window 10;' });
    const first = ask('/live/s.m3u8?x=1');
    await pass(0);
    upstreams[0]!.events.media(media(0, 3000));
    const [own = ''] = addressesIn(await first);
    const [segment = ''] = addressesIn(await ask(own));
    assert.equal((await ask(`/live/${segment}`)).status, 200);
    await pass(30_000);
    const id = /hls_ctx=(\w+)/.exec(own)?.[1];
    assert.deepEqual(
      hooks.map(({ action, client_id }) => [action, client_id]),
      [
        ['on_play', id],
        ['on_stop', id],
      ],
    );
  });

  it('gives nothing to those who are refused, nor segments to those who did not ask', async () => {
    const refused = edge({ origin: false, hookAnswer: '1', access: 'http_hooks { enabled on; on_play http://h/p; }' });
    assert.equal((await refused.ask('/live/s.m3u8')).status, 403);
    assert.equal(refused.upstreams.length, 0);
    const denied = edge({ access: 'security { enabled on; deny play all; }' });
    denied.publish().media(media(0, 6000));
    assert.equal((await denied.ask('/live/s.m3u8')).status, 403);
    assert.equal((await denied.ask('/live/s.m3u8', {}, 'HEAD')).status, 403);
    assert.equal((await denied.ask('/live/s-1000.ts')).status, 403);
    assert.equal((await denied.ask('/live/s-1000.ts?hls_ctx=abcd1234')).status, 403);
    assert.equal([...denied.clients.all()].length, 0);
  });

  it('is refused where viewers are no sessions', () => {
    const access = 'security { enabled on; allow play all; }';
    assert.throws(() => edge({ access, hls: 'hls_ctx off;' }), /edge\.conf:1: hls_ctx off/);
    assert.throws(() => edge({ access, hls: 'hls_ts_ctx off;' }), /hls_ts_ctx off/);
  });
});

describe('HLS of a stream that is pulled', () => {
  it('pulls it with the first request, begins with short segments, and lets go after the last request', async () => {
    const { ask, upstreams, pass, streams } = edge({ origin: false, hls: 'hls_ctx off;' });
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
    const { ask, pass, upstreams } = edge({ origin: false });
    const answers = Array.from({ length: 21 }, (_, i) => ask(`/live/none${i}.m3u8`));
    await pass(8000);
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    assert.deepEqual(statuses, [...Array(20).fill(404), 503]);
    assert.equal(upstreams.length, 20);
  });

  it('is made into segments only while somebody asks, with the headers that came before', async () => {
    const { ask, upstreams, pass, playElsewhere } = edge({ origin: false, hls: 'hls_ctx off;' });
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
