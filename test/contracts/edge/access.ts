import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { startEdge, streamIsLive, type TestEdge } from '../../integration/edge-support/edge.js';
import { publishRaw } from '../../integration/edge-support/raw-publisher.js';
import { eventually } from '../../support/eventually.js';
import { type HookReply, hookServer } from '../../support/hook-server.js';
import { openClient } from '../../support/raw-client.js';
import { type RtmpClient, rtmpClient } from '../../support/rtmp-client.js';
import { rtmpOrigin } from '../../support/rtmp-origin.js';
import type { EdgeUnderTest } from './edge-under-test.js';

const REMUX = 'http_remux { enabled on; mount [vhost]/[app]/[stream].flv; }';
/** A machine that stalls must not end the publisher. */
const PATIENT = 'publish { firstpkt_timeout 60000; normal_timeout 60000; }';
const vhost = (name: string, inside: string) => `vhost ${name} { ${REMUX} ${PATIENT} ${inside} }`;

/** Publishes to a vhost, frames of half a KiB. */
function publish(t: TestContext, edge: TestEdge, name: string, stream = 's') {
  return publishRaw(t, `rtmp://127.0.0.1:${edge.rtmpPort}/live/${stream}?vhost=${name}`, { frameBytes: 512 });
}

const isOver = (client: RtmpClient) => eventually(() => client.ended, { what: 'the server hangs up' });

async function plays(t: TestContext, edge: TestEdge, url: string, pageUrl = ''): Promise<boolean> {
  const client = rtmpClient(t, edge.rtmpPort, 'play', url, { pageUrl });
  await eventually(() => client.media > 2 || client.ended, { what: `media of ${url}, or its end` });
  const had = client.media > 0;
  client.cut();
  return had;
}

async function publishes(t: TestContext, edge: TestEdge, url: string, pageUrl = ''): Promise<boolean> {
  const client = rtmpClient(t, edge.rtmpPort, 'publish', url, { pageUrl });
  await eventually(() => client.started || client.ended, { what: `consent to publish ${url}, or its end` });
  const had = client.started;
  client.stop();
  await isOver(client);
  return had;
}

/** Whether a GET of HTTP-FLV brings media. SRS hangs up on whom it refuses, without a word. */
async function playsFlv(
  edge: TestEdge,
  name: string,
  query = '',
  headers: Record<string, string> = {},
): Promise<boolean> {
  const url = `http://127.0.0.1:${edge.httpPort}/live/s.flv?vhost=${name}${query}`;
  try {
    const response = await fetch(url, { headers });
    if (response.status !== 200) return false;
    const reader = response.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    await reader?.cancel();
    return value !== undefined && value.length > 0;
  } catch {
    return false;
  }
}

/** Who may come in, by the conf's rules and by its hooks. */
export function accessContract(edge: EdgeUnderTest): void {
  const start = (t: TestContext, vhosts: readonly string[]) =>
    startEdge(t, { more: vhosts.join('\n'), ...(edge.binary === undefined ? {} : { binary: edge.binary }) });

  it('obeys security: a deny before an allow, each for playing or publishing, by address and network', async (t) => {
    const rules: Record<string, [rules: string, plays: boolean, publishes: boolean]> = {
      'none.v': ['', false, false],
      'allow-play.v': ['allow play 127.0.0.1; allow publish all;', true, true],
      'allow-other.v': ['allow play 10.0.0.0/8; allow publish 127.0.0.0/8;', false, true],
      'deny-play.v': ['allow play all; deny play 127.0.0.0/8; allow publish all;', false, true],
      'deny-publish.v': ['deny publish 127.0.0.1;', true, false],
      'deny-other.v': ['deny play 127.0.0.2; deny publish 10.0.0.0/8;', true, true],
    };
    const it = await start(
      t,
      Object.entries(rules).map(([name, [text]]) => vhost(name, `security { enabled on; ${text} }`)),
    );
    for (const [name, [, mayPlay, mayPublish]] of Object.entries(rules)) {
      if (!mayPublish) assert.equal(await publishes(t, it, `rtmp://${name}/live/s`), false, `${name} publish`);
      else {
        await publish(t, it, name);
        assert.equal(await plays(t, it, `rtmp://${name}/live/s`), mayPlay, `${name} play`);
        assert.equal(await playsFlv(it, name), mayPlay, `${name} flv`);
      }
    }
  });

  it('obeys refer of RTMP clients: for all, for players, for publishers, in either form', async (t) => {
    const it = await start(t, [
      vhost('all.v', 'refer { enabled on; all a.com b.com; }'),
      vhost('play.v', 'refer { enabled on; play a.com; publish b.com; }'),
      vhost('old.v', 'refer_play a.com; refer_publish b.com;'),
      vhost('off.v', 'refer { all a.com; }'),
    ]);
    const asked: [vhost: string, page: string, plays: boolean, publishes: boolean][] = [
      ['all.v', 'http://www.a.com/x', true, true],
      ['all.v', 'http://b.com:80/', true, true],
      ['all.v', 'http://a.com.evil.net/', false, false],
      ['all.v', '', false, false],
      ['play.v', 'http://a.com/', true, false],
      ['play.v', 'http://b.com/', false, true],
      ['old.v', 'http://a.com/', true, false],
      ['old.v', 'http://b.com/', false, true],
      ['off.v', '', true, true],
    ];
    // A publisher that stays, for those who play.
    for (const [name, page] of [
      ['all.v', 'http://a.com'],
      ['play.v', 'b.com'],
      ['old.v', 'b.com'],
      ['off.v', ''],
    ] as const) {
      await publishRaw(t, `rtmp://127.0.0.1:${it.rtmpPort}/live/s?vhost=${name}`, { frameBytes: 512, pageUrl: page });
    }
    for (const [name, page, mayPlay, mayPublish] of asked) {
      assert.equal(await plays(t, it, `rtmp://${name}/live/s`, page), mayPlay, `${name} play ${page}`);
      assert.equal(await publishes(t, it, `rtmp://${name}/live/other`, page), mayPublish, `${name} publish ${page}`);
    }
    assert.equal(await playsFlv(it, 'all.v'), true, 'who comes over HTTP has no page');
  });

  it('lets in whom its hooks let in: 0, or code 0, of all of them; whatever else they answer refuses', async (t) => {
    const hooks = await hookServer(t);
    const replies: HookReply[] = ['0', 'code0', '1', 'code1', '500', 'garbage', 'empty', 'cut'];
    const closed = 'http://127.0.0.1:1/';
    const it = await start(t, [
      ...replies.map((reply) =>
        vhost(`play-${reply}.v`, `http_hooks { enabled on; on_play ${hooks.url('play', reply)}; }`),
      ),
      vhost('second.v', `http_hooks { enabled on; on_play ${hooks.url('first', '0')} ${hooks.url('second', '1')}; }`),
      vhost('closed.v', `http_hooks { enabled on; on_play ${closed}; }`),
      vhost('publish-0.v', `http_hooks { enabled on; on_publish ${hooks.url('publish', '0')}; }`),
      vhost('publish-1.v', `http_hooks { enabled on; on_publish ${hooks.url('publish', '1')}; }`),
      vhost('connect-1.v', `http_hooks { enabled on; on_connect ${hooks.url('connect', '1')}; }`),
    ]);
    const yes = ['0', 'code0'];
    for (const name of [...replies.map((reply) => `play-${reply}.v`), 'second.v', 'closed.v']) {
      await publish(t, it, name);
      const may = yes.some((reply) => name === `play-${reply}.v`);
      assert.equal(await plays(t, it, `rtmp://${name}/live/s`), may, name);
      assert.equal(await playsFlv(it, name), may, `${name} flv`);
    }
    assert.equal(await publishes(t, it, 'rtmp://publish-0.v/live/s'), true);
    assert.equal(await publishes(t, it, 'rtmp://publish-1.v/live/s'), false);
    assert.equal(await publishes(t, it, 'rtmp://connect-1.v/live/s'), false);
    assert.equal(await plays(t, it, 'rtmp://connect-1.v/live/s'), false);
    assert.equal(hooks.of('first').length, 2);
  });

  it('tells its hooks who comes and goes, with SRS’s fields', async (t) => {
    const hooks = await hookServer(t);
    const on = (name: string) => `on_${name} ${hooks.url(name, '0')};`;
    const all = ['connect', 'close', 'publish', 'unpublish', 'play', 'stop'].map(on).join(' ');
    const it = await start(t, [vhost('h.v', `http_hooks { enabled on; ${all} }`)]);
    const tcUrl = `rtmp://h.v:${it.rtmpPort}/live`;
    const publisher = await publishRaw(t, `rtmp://127.0.0.1:${it.rtmpPort}/live/s?vhost=h.v&token=p`, {
      frameBytes: 512,
    });
    const player = rtmpClient(t, it.rtmpPort, 'play', 'rtmp://h.v/live/s?token=x&y=z', {
      tcUrl,
      pageUrl: 'http://a.com/p',
    });
    await eventually(() => player.media > 2, { what: 'media' });
    const [stream] = (await it.api.streams()).streams;
    player.cut();
    await eventually(() => hooks.of('close').length === 1, { what: 'on_close of the player' });
    publisher.stop();
    await eventually(() => hooks.of('close').length === 2, { what: 'on_close of the publisher' });
    assert.deepEqual(
      hooks.calls.map(({ name }) => name),
      ['connect', 'publish', 'connect', 'play', 'stop', 'close', 'unpublish', 'close'],
    );
    const [onPlay] = hooks.of('play');
    const {
      server_id: server,
      service_id: service,
      client_id: client,
      stream_id: streamId,
      ...rest
    } = onPlay?.body ?? {};
    assert.deepEqual(rest, {
      ...{ action: 'on_play', ip: '127.0.0.1', vhost: 'h.v', app: 'live', stream: 's', tcUrl, param: '?token=x&y=z' },
      ...{ pageUrl: 'http://a.com/p', stream_url: 'h.v/live/s' },
    });
    assert.equal(onPlay?.contentType, 'application/json');
    assert.equal(streamId, stream?.id);
    const { server: apiServer, service: apiService } = await versions(it);
    assert.deepEqual([server, service], [apiServer, apiService]);
    const keys = (name: string) => Object.keys(hooks.of(name)[0]?.body ?? {}).join(' ');
    const head = 'server_id service_id action client_id ip vhost app';
    assert.equal(keys('connect'), `${head} stream param tcUrl pageUrl`);
    assert.equal(keys('play'), `${head} stream tcUrl param pageUrl stream_url stream_id`);
    for (const name of ['publish', 'unpublish', 'stop'])
      assert.equal(keys(name), `${head} tcUrl stream param stream_url stream_id`);
    assert.equal(keys('close'), `${head} send_bytes recv_bytes`);
    const [ofPlayer, ofPublisher] = hooks.of('close').map(({ body }) => body);
    assert.equal(ofPlayer?.['client_id'], client);
    assert.ok(Number(ofPlayer?.['send_bytes']) > 1000 && Number(ofPublisher?.['recv_bytes']) > 1000);
    assert.equal(hooks.of('publish')[0]?.body['param'], '?vhost=h.v&token=p');
    for (const { text } of hooks.calls) assert.ok(!text.includes('\n'));
  });

  it('tells of the end of a publisher that was killed before it tells of who comes in its place at once', async (t) => {
    const hooks = await hookServer(t);
    const on = ['publish', 'unpublish'].map((name) => `on_${name} ${hooks.url(name, '0')};`).join(' ');
    const it = await start(t, [vhost('h.v', `http_hooks { enabled on; ${on} }`)]);
    for (let turn = 1; turn <= 3; turn++) {
      const publisher = await publish(t, it, 'h.v');
      await eventually(() => publisher.frames() > 25, { what: 'it publishes for a second' });
      publisher.cut();
    }
    await eventually(() => hooks.of('unpublish').length === 3, { what: 'the last one is gone' });
    const names = hooks.calls.map(({ name }) => name);
    assert.deepEqual(names, Array(3).fill(['publish', 'unpublish']).flat());
  });

  it('tells of an HTTP player by on_play and on_stop alone, by the RTMP address of its URL', async (t) => {
    const hooks = await hookServer(t);
    const on = (name: string) => `on_${name} ${hooks.url(name, '0')};`;
    const it = await start(t, [
      vhost('h.v', `http_hooks { enabled on; ${['connect', 'close', 'play', 'stop'].map(on).join(' ')} }`),
    ]);
    await publish(t, it, 'h.v');
    assert.equal(await playsFlv(it, 'h.v', '&token=x', { referer: 'http://a.com/p' }), true);
    await eventually(() => hooks.of('play').length === 1, { what: 'on_play' });
    await eventually(() => hooks.of('stop').length === 1, { what: 'on_stop' });
    const { app, stream, tcUrl, param, pageUrl, stream_url: url } = hooks.of('play')[0]?.body ?? {};
    assert.deepEqual([app, stream, tcUrl, pageUrl], ['live', 's', 'rtmp://h.v/live', 'http://a.com/p']);
    assert.deepEqual([param, url], ['?vhost=h.v&token=x', 'h.v/live/s']);
    // The publisher's connection is the one that was announced.
    assert.deepEqual([hooks.of('connect').length, hooks.of('close').length], [1, 0]);
  });

  it('keeps a client waiting as long as its hook does, and goes on with others', async (t) => {
    const hooks = await hookServer(t);
    const it = await start(t, [
      vhost(
        'late.v',
        `http_hooks { enabled on; on_play ${hooks.url('play', 'late')}; on_stop ${hooks.url('stop', '0')};
          on_close ${hooks.url('close', '0')}; }`,
      ),
    ]);
    await publish(t, it, 'late.v');
    await publish(t, it, '__defaultVhost__');
    const [waits, leaves] = ['a', 'b'].map(() => rtmpClient(t, it.rtmpPort, 'play', 'rtmp://late.v/live/s'));
    const leavesHttp = await openClient(t, it.httpPort);
    leavesHttp.say('GET /live/s.flv?vhost=late.v HTTP/1.1\r\n\r\n');
    await eventually(() => hooks.waiting === 3, { what: 'all are asked about' });
    assert.equal(await plays(t, it, `rtmp://127.0.0.1/live/s`), true, 'others play');
    assert.deepEqual([waits?.media, waits?.ended], [0, false]);
    leaves?.cut();
    leavesHttp.socket.destroy();
    // SRS hears of it when its hook has answered.
    if (edge.is === 'builtin') {
      const connections = async () => (await it.api.summaries()).data.system.conn_srs;
      await eventually(async () => (await connections()) === 3, { what: 'two publish, and one waits' });
    }
    assert.equal(hooks.of('close').length + hooks.of('stop').length, 0, 'their end is told after the answer');
    hooks.release('0');
    await eventually(() => (waits?.media ?? 0) > 2, { what: 'media after consent' });
    await eventually(() => hooks.of('stop').length === 2, { what: 'the end of who left meanwhile' });
    await eventually(() => hooks.of('close').length === 1, { what: 'and of its connection' });
    const told = hooks.calls.filter(({ body }) => body['client_id'] === hooks.of('close')[0]?.body['client_id']);
    assert.deepEqual(
      told.map(({ name }) => name),
      ['play', 'stop', 'close'],
    );
    await streamIsLive(it, 's');
  });
}

/** Who may come in, by the word of the origin. */
export function tokenContract(edge: EdgeUnderTest): void {
  it('shows an edge’s clients to the first origin that can be reached, and obeys it', async (t) => {
    const isGood = ({ tcUrl }: { tcUrl: string }) => !tcUrl.includes('token=') || tcUrl.includes('token=good');
    const origin = await rtmpOrigin(t, isGood);
    const cluster = `cluster { mode remote; origin 127.0.0.1:1 ${origin.address}; token_traverse on; }`;
    const it = await startEdge(t, {
      more: vhost('t.v', cluster),
      ...(edge.binary === undefined ? {} : { binary: edge.binary }),
    });
    const tcUrl = `rtmp://t.v:${it.rtmpPort}/live?token=`;
    const pageUrl = 'http://a.com/p';
    const bad = rtmpClient(t, it.rtmpPort, 'play', 'rtmp://t.v/live/bad', { tcUrl: `${tcUrl}bad`, pageUrl });
    await isOver(bad);
    const [shown] = origin.connects;
    assert.deepEqual([shown?.tcUrl, shown?.pageUrl], [`${tcUrl}bad`, pageUrl]);
    assert.deepEqual(origin.asked, [], 'nothing is pulled for it');
    const worse = rtmpClient(t, it.rtmpPort, 'publish', 'rtmp://t.v/live/bad', { tcUrl: `${tcUrl}bad` });
    await isOver(worse);
    assert.equal(worse.started, false);
    const good = rtmpClient(t, it.rtmpPort, 'play', 'rtmp://t.v/live/good', { tcUrl: `${tcUrl}good` });
    await eventually(() => origin.asked.some(({ stream }) => stream === 'good'), {
      what: 'the edge pulls for who was accepted',
    });
    assert.equal(good.ended, false);
    // SRS shows RTMP clients alone, and so leaves a door open: its HTTP players need no token.
    if (edge.is === 'builtin') {
      const url = `http://127.0.0.1:${it.httpPort}/live/http.flv?vhost=t.v&token=bad`;
      assert.equal((await fetch(url)).status, 403);
      assert.deepEqual(origin.connects.at(-1)?.tcUrl, 'rtmp://t.v/live?vhost=t.v&token=bad');
    }
  });
}

/** Of any answer of the API. */
async function versions(edge: TestEdge): Promise<{ server: string; service: string }> {
  const answer = await fetch(`${edge.apiBase}/api/v1/versions`);
  return (await answer.json()) as { server: string; service: string };
}
