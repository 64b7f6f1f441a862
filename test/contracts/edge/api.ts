import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it, type TestContext } from 'node:test';
import { clientsOf, startEdge, streamIsLive, type TestEdge } from '../../integration/edge-support/edge.js';
import { eventually } from '../../support/eventually.js';
import { publishFile, startRecording } from '../../support/media.js';
import { fromRoot } from '../../support/paths.js';
import { freePorts } from '../../support/ports.js';
import type { EdgeUnderTest } from './edge-under-test.js';

/** Each path, and the answer that a real SRS 5.0 gave while a stream was published and played. */
const ANSWERS: readonly (readonly [path: string, sample: string])[] = [
  ['/api/', 'api_root'],
  ['/api/v1/', 'api_v1'],
  ['/api/v1/versions', 'versions'],
  ['/api/v1/summaries', 'summaries'],
  ['/api/v1/rusages', 'rusages'],
  ['/api/v1/self_proc_stats', 'self_proc_stats'],
  ['/api/v1/system_proc_stats', 'system_proc_stats'],
  ['/api/v1/meminfos', 'meminfos'],
  ['/api/v1/features', 'features'],
  ['/api/v1/requests', 'requests'],
  ['/api/v1/tests/requests', 'tests_requests'],
  ['/api/v1/vhosts/', 'vhosts'],
  ['/api/v1/streams/', 'streams'],
  ['/api/v1/clients/', 'clients'],
  ['/api/v1/raw?rpc=raw', 'raw_rpc_raw'],
  ['/api/v1/raw?rpc=query', 'raw_rpc_query'],
  ['/metrics', 'metrics'],
];

/** Names and types of a JSON value; of a list, those of its first row. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shapeOf(each)]));
}

function sample(name: string): unknown {
  const extension = name === 'metrics' ? 'txt' : 'json';
  return JSON.parse(readFileSync(fromRoot(`test/data/srs5-api/${name}.${extension}`), 'utf8'));
}

/** SRS's HTTP API: paths, shapes, codes, redirects, JSONP, pages, kicks. */
export function apiContract(edge: EdgeUnderTest): void {
  const start = (t: TestContext) => startEdge(t, edge.binary === undefined ? {} : { binary: edge.binary });

  it('answers each path with SRS’s names and types, while a stream is published and played', async (t) => {
    const server = await start(t);
    publishFile(t, server.rtmp('livestream'), { loop: true });
    await streamIsLive(server, 'livestream');
    startRecording(t, server.rtmp('livestream'), { seconds: 60 });
    startRecording(t, server.flv('livestream'), { seconds: 60 });
    await eventually(
      async () => {
        const clients = await clientsOf(server);
        const types = clients.map(({ type }) => type).sort();
        return (
          types.join() === 'flv-play,fmle-publish,rtmp-play' && clients.every(({ send_bytes = 0 }) => send_bytes > 0)
        );
      },
      { what: 'both players are served' },
    );
    for (const [path, name] of ANSWERS) {
      const answer = await getJson(server, path);
      // Our index of the root leaves out what is not there (WebRTC); that of v1 has SRS's names.
      assert.deepEqual(shapeOf(answer), shapeOf(sample(name)), path);
    }
    assert.deepEqual(shapeOf(((await getJson(server, '/api/v1/authors')) as { data: unknown }).data), {
      license: 'string',
      contributors: 'string',
    });

    // One row of each table is what the list has.
    for (const table of ['vhosts', 'streams', 'clients'] as const) {
      const list = (await getJson(server, `/api/v1/${table}/`))[table] as { id: string }[];
      const [first] = list;
      const one = await getJson(server, `/api/v1/${table}/${first?.id}`);
      assert.deepEqual(shapeOf(one[table.slice(0, -1)]), shapeOf(first), table);
    }

    const { streams } = await server.api.streams();
    const clients = await clientsOf(server);
    const flv = clients.find(({ type }) => type === 'flv-play');
    assert.deepEqual(
      [flv?.name, flv?.url, flv?.stream, flv?.publish],
      ['livestream.flv', '/live/livestream', streams[0]?.id, false],
    );
    // SRS puts the RTMP port there.
    assert.match(flv?.tcUrl ?? '', /^http:\/\/127\.0\.0\.1:\d+\/live$/);
    const publisher = clients.find(({ publish }) => publish);
    assert.equal(streams[0]?.publish.cid, publisher?.id);
    assert.deepEqual([publisher?.name, publisher?.tcUrl], ['livestream', `rtmp://${server.address}/live`]);
  });

  it('pages streams and clients by ten at least, kicks who is named, and nobody else', async (t) => {
    const server = await start(t);
    publishFile(t, server.rtmp('livestream'), { loop: true });
    await streamIsLive(server, 'livestream');
    const ends = Array.from({ length: 12 }, () => play(t, server.flv('livestream')));
    await eventually(async () => (await rows(server, 'count=100')) === 13, { what: 'all play' });
    assert.equal(await rows(server, ''), 10);
    assert.equal(await rows(server, 'count=1'), 10);
    assert.equal(await rows(server, 'count=12'), 12);
    assert.equal(await rows(server, 'start=10'), 3);
    assert.equal(await rows(server, 'start=-5&count=x'), 10);
    assert.equal(await rows(server, 'start=20'), 0);

    const players = (await server.api.clients()).clients.filter(({ publish }) => !publish);
    assert.equal((await getJson(server, `/api/v1/clients/${players[0]?.id}`, 'DELETE'))['code'], 0);
    // What a script tag can do.
    const jsonp = await fetch(`${server.apiBase}/api/v1/clients/${players[1]?.id}?callback=f&method=DELETE`);
    assert.match(await jsonp.text(), /^f\(\{"code":0,.*\}\)$/);
    await eventually(async () => (await rows(server, 'count=100')) === 11, { what: 'both are gone' });
    await eventually(async () => (await ended(ends)) === 2, { what: 'both were cut' });
    assert.equal(await code(server, `/api/v1/clients/${players[0]?.id}`, 'DELETE'), 2049);
  });

  it('tells of a vhost’s HLS, and keeps it in its list when everybody left, and no stream', async (t) => {
    const server = await startEdge(t, {
      vhost: 'hls { enabled on; hls_fragment 4; hls_td_ratio 2; }',
      ...(edge.binary !== undefined && { binary: edge.binary }),
    });
    const publisher = publishFile(t, server.rtmp('livestream'));
    await streamIsLive(server, 'livestream');
    const before = (await server.api.vhosts()).vhosts[0];
    assert.deepEqual([before?.name, before?.streams, before?.clients], ['__defaultVhost__', 1, 1]);
    assert.deepEqual([before?.enabled, before?.hls], [true, { enabled: true, fragment: 4 }]);
    await publisher.stop('SIGINT');
    await eventually(async () => (await server.api.streams()).streams.length === 0, { what: 'its stream is gone' });
    const after = (await server.api.vhosts()).vhosts[0];
    assert.deepEqual([after?.id, after?.streams, after?.clients], [before?.id, 0, 0]);
  });

  it('answers on the port of HTTP-FLV where the conf gives both the same', async (t) => {
    const [rtmp = 0, shared = 0] = await freePorts(2);
    const server = await startEdge(t, {
      ports: [rtmp, shared, shared],
      conf: (text) => text.replace('http_api {', 'http_api { crossdomain off;'),
      ...(edge.binary !== undefined && { binary: edge.binary }),
    });
    publishFile(t, server.rtmp('livestream'), { loop: true });
    await streamIsLive(server, 'livestream');
    const flv = play(t, server.flv('livestream'));
    await eventually(async () => (await rows(server, '')) === 2, { what: 'it is played' });
    assert.deepEqual(
      shapeOf(await getJson(server, '/api/v1/raw?rpc=raw')),
      shapeOf(JSON.parse(readFileSync(fromRoot('test/data/srs5-api/raw_rpc_raw.json'), 'utf8'))),
    );
    const redirect = await fetch(`${server.apiBase}/api/v1/clients?callback=q`, { redirect: 'manual' });
    assert.deepEqual([redirect.status, redirect.headers.get('location')], [302, '/api/v1/clients/?callback=q']);
    const moved = await fetch(`${server.apiBase}/api/v1/tests/redirects`, { redirect: 'manual' });
    assert.equal(moved.status, 301);
    const jsonp = await fetch(`${server.apiBase}/api/v1/versions?callback=f`);
    assert.match(await jsonp.text(), /^f\(\{"code":0,.*\}\)$/);
    assert.equal((await fetch(`${server.apiBase}/api/v1/vhosts/`, { method: 'POST' })).status, 405);
    // SRS asks http_server's crossdomain there, whatever http_api says.
    const allowed = async (url: string) =>
      (await fetch(url, { headers: { origin: 'http://a.b' }, method: 'HEAD' })).headers.get(
        'access-control-allow-origin',
      );
    assert.equal(await allowed(`${server.apiBase}/api/v1/versions`), edge.is === 'srs' ? '*' : null);
    const player = (await clientsOf(server)).find(({ publish }) => !publish);
    assert.equal(await code(server, `/api/v1/clients/${player?.id}`, 'DELETE'), 0);
    await eventually(() => flv.isOver, { what: 'the player was cut' });
  });

  it('redirects, answers codes with status 200, and knows methods, JSONP and other sites’ pages', async (t) => {
    const server = await start(t);
    const ask = (path: string, init: RequestInit = {}) => fetch(server.apiBase + path, { redirect: 'manual', ...init });
    for (const path of ['/api', '/api/v1', '/api/v1/vhosts', '/api/v1/streams', '/api/v1/clients']) {
      const answer = await ask(`${path}?callback=q`);
      assert.deepEqual([answer.status, answer.headers.get('location')], [302, `${path}/?callback=q`]);
    }
    const moved = await ask('/api/v1/tests/redirects');
    assert.deepEqual([moved.status, moved.headers.get('location')], [301, '/api/v1/tests/errors']);

    assert.equal(await code(server, '/api/v1/tests/errors'), 100);
    assert.equal(await code(server, '/api/v1/vhosts/none'), 2014);
    assert.equal(await code(server, '/api/v1/streams/none'), 2048);
    assert.equal(await code(server, '/api/v1/streams/none/such'), 2048);
    assert.equal(await code(server, '/api/v1/streams/none', 'DELETE'), 2048);
    assert.equal(await code(server, '/api/v1/clients/none'), 2049);
    assert.equal(await code(server, '/api/v1/clients/none', 'DELETE'), 2049);
    assert.equal(await code(server, '/api/v1/clients/', 'DELETE'), 2049);
    assert.equal(await code(server, '/api/v1/raw'), 1060);

    // Whatever is not known gets the index above it.
    for (const [path, name] of [
      ['/api/v2/x', 'v1'],
      ['/api/v1/versions/', 'versions'],
      ['/favicon.ico', 'api'],
    ] as const) {
      assert.ok(name in ((await getJson(server, path))['urls'] as object), path);
    }

    // Only tables look at the method.
    for (const method of ['POST', 'DELETE', 'PUT']) assert.equal(await code(server, '/api/v1/versions', method), 0);
    for (const [path, method] of [
      ['/api/v1/vhosts/', 'DELETE'],
      ['/api/v1/clients/', 'POST'],
      ['/api/v1/streams/', 'PUT'],
    ] as const) {
      assert.equal((await ask(path, { method })).status, 405, `${method} ${path}`);
    }
    const head = await ask('/api/v1/versions', { method: 'HEAD' });
    assert.deepEqual([head.status, await head.text()], [200, '']);

    const jsonp = await ask('/api/v1/versions?callback=x.y');
    assert.equal(jsonp.headers.get('content-type'), 'text/javascript');
    assert.match(await jsonp.text(), /^x\.y\(\{"code":0,.*\}\)$/);
    const empty = await ask('/api/v1/versions?callback=');
    assert.equal(empty.headers.get('content-type'), 'application/json');

    assert.equal((await ask('/api/v1/versions')).headers.get('access-control-allow-origin'), null);
    for (const method of ['GET', 'OPTIONS']) {
      const { status, headers } = await ask('/api/v1/versions', { method, headers: { origin: 'http://a.b' } });
      const allowed = ['origin', 'headers', 'methods', 'credentials'].map((what) =>
        headers.get(`access-control-allow-${what}`),
      );
      assert.deepEqual([status, ...allowed], [200, '*', '*', '*', 'false'], method);
    }
  });
}

async function getJson(server: TestEdge, path: string, method = 'GET'): Promise<Record<string, unknown>> {
  const answer = await fetch(server.apiBase + path, { method });
  assert.equal(answer.status, 200, path);
  return (await answer.json()) as Record<string, unknown>;
}

async function code(server: TestEdge, path: string, method = 'GET'): Promise<unknown> {
  return (await getJson(server, path, method))['code'];
}

async function rows(server: TestEdge, query: string): Promise<number> {
  return ((await getJson(server, `/api/v1/clients/?${query}`))['clients'] as unknown[]).length;
}

interface FlvPlay {
  isOver: boolean;
}

/** Plays by HTTP-FLV to its end, without looking at what comes. */
function play(t: TestContext, url: string): FlvPlay {
  const state = { isOver: false };
  const abort = new AbortController();
  t.after(() => abort.abort());
  const reading = async () => {
    const answer = await fetch(url, { signal: abort.signal });
    for await (const _ of answer.body ?? []);
  };
  reading()
    .catch(() => undefined)
    .finally(() => {
      state.isOver = true;
    });
  return state;
}

async function ended(plays: readonly FlvPlay[]): Promise<number> {
  return plays.filter(({ isOver }) => isOver).length;
}
