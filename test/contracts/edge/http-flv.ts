import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { FlvReader, MessageType } from '@dolphin/media';
import {
  clientsOf,
  type EdgeOptions,
  startEdge,
  streamIsLive,
  type TestEdge,
} from '../../integration/edge-support/edge.js';
import { eventually } from '../../support/eventually.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../../support/media.js';
import { sampleFlv } from '../../support/paths.js';
import { startProcess } from '../../support/processes.js';
import { openClient, type RawClient } from '../../support/raw-client.js';
import type { EdgeUnderTest } from './edge-under-test.js';

const VHOSTS = `
vhost a.com { http_remux { enabled on; mount [vhost]/[app]/[stream].flv; } }
vhost pre.com { http_remux { enabled on; mount /pre/[app]/[stream].flv; } }
vhost short.com { http_remux { enabled on; mount /[stream].flv; } }
vhost off.com { http_remux { enabled off; } }
`;
const FLV =
  /^HTTP\/1\.\d 200 OK\r\nConnection: Close\r\n(?:[^\r]+\r\n)*Content-Type: video\/x-flv\r\n(?:[^\r]+\r\n)*\r\n/;
const CORS = ['Origin: *', 'Headers: *', 'Methods: *', 'Credentials: false'].map(
  (each) => `Access-Control-Allow-${each}`,
);

/** HTTP-FLV: which URLs play what, how the answer is framed, and what it says of the stream's tracks. */
export function httpFlvContract(edge: EdgeUnderTest): void {
  const start = (t: TestContext, o: EdgeOptions = {}) =>
    startEdge(t, { ...o, ...(edge.binary !== undefined && { binary: edge.binary }) });
  const ask = async (t: TestContext, server: TestEdge, request: string) => {
    const client = await openClient(t, server.httpPort);
    client.say(request);
    return client;
  };
  const get = (t: TestContext, server: TestEdge, target: string, headers = '') =>
    ask(t, server, `GET ${target} HTTP/1.1\r\n${headers}\r\n`);
  const host = (name: string) => `Host: ${name}\r\n`;

  it('plays a stream at its mount, by whatever names the vhost', async (t) => {
    const source = await sourcePackets(t);
    const server = await start(t, { more: VHOSTS });
    const at = `rtmp://127.0.0.1:${server.rtmpPort}`;
    publishFile(t, server.rtmp('main'), { loop: true });
    for (const vhost of ['a', 'pre', 'short']) publishFile(t, `${at}/live?vhost=${vhost}.com/${vhost}`, { loop: true });
    publishFile(t, `${at}/x/y/deep`, { loop: true });
    for (const stream of ['main', 'a', 'pre', 'short', 'deep']) await streamIsLive(server, stream);
    const plays: [string, string?][] = [
      ['/live/main.flv'],
      ['/live/main.flv', host('unknown.com:8080')],
      ['/live/main.flv?token=a/b&x=%20', host('h')],
      ['http://h:1/live/main.flv', host('h')],
      ['/x/y/deep.flv', host('h')],
      ['/live/a.flv', host('a.com')],
      ['/live/a.flv', host('a.com:8080')],
      ['/live/a.flv?vhost=a.com', host('h')],
      ['/live/a.flv?token=1&domain=a.com', host('h')],
      ['http://a.com/live/a.flv', host('h')],
      ['/pre/live/pre.flv', host('pre.com')],
      ['/pre/live/pre.flv', host('h')],
      ['/short.flv', host('short.com')],
      ['/short.flv', host('h')],
      ['/live/main.flv', host('off.com')],
    ];
    const playing = await Promise.all(plays.map(async (each) => await get(t, server, ...each)));
    for (const [i, client] of playing.entries()) {
      await eventually(() => FLV.test(client.text()), {
        what: `${plays[i]?.join(' ')} plays: ${client.text().slice(0, 99)}`,
      });
    }
    const missing: [string, string?][] = [
      ['/live/main.mp4', host('h')],
      ['/live/main.FLV', host('h')],
      ['/live/main.flv/', host('h')],
      ['/main.flv', host('h')],
      ['/live/pre.flv', host('pre.com')],
      ['/a.com/live/a.flv', host('h')],
      ['/live/none.flv', host('off.com')],
    ];
    for (const each of missing) await (await get(t, server, ...each)).hears(/^HTTP\/1\.1 404 Not Found\r\n/);
    const received = await startRecording(t, `${server.flv('main')}?token=1`, { seconds: 2 }).done;
    assertContiguousRun(received, source, { minSeconds: 1 });
    const [row] = (await clientsOf(server)).filter(({ type }) => type === 'flv-play');
    assert.ok(row, 'its players are clients');
    for (const client of playing) client.socket.end();
    const count = async () => (await clientsOf(server)).filter(({ type }) => type === 'flv-play').length;
    await eventually(async () => (await count()) === 0, { what: 'a FIN is a leave' });
  });

  it('answers several requests on one connection, pages of other sites, and OPTIONS', async (t) => {
    const server = await start(t);
    const client = await get(t, server, '/one', host('h'));
    await client.hears(/^HTTP\/1\.1 404 Not Found\r\n(?:.+\r\n)*Content-Length: 9\r\n(?:.+\r\n)*\r\nNot Found$/);
    assert.doesNotMatch(client.text(), /Access-Control/, 'nobody asked from another site');
    client.say(`GET /two HTTP/1.1\r\n\r\nGET /three HTTP/1.1\r\nConnection: close\r\n\r\n`);
    await client.isClosed();
    assert.equal(client.text().match(/404 Not Found/g)?.length, 3);
    const old = await ask(t, server, 'GET /one HTTP/1.0\r\n\r\n');
    await old.isClosed();
    const origin = `${host('h')}Origin: http://page\r\n`;
    for (const method of ['OPTIONS', 'GET']) {
      const asked = await ask(t, server, `${method} /live/x.mp4 HTTP/1.1\r\n${origin}Connection: close\r\n\r\n`);
      await asked.isClosed();
      assert.match(asked.text(), method === 'GET' ? /^HTTP\/1.1 404 / : /^HTTP\/1.1 200 OK\r\n/);
      for (const line of CORS) assert.ok(asked.text().includes(`${line}\r\n`), `${method}: ${line}`);
      assert.match(asked.text(), /Access-Control-Expose-Headers: \*\r\n/);
    }
    const closed = await start(t, { httpServer: 'crossdomain off;' });
    const refused = await ask(t, closed, `OPTIONS /live/x.flv HTTP/1.1\r\n${origin}\r\n`);
    await refused.hears(/^HTTP\/1\.1 405 Method Not Allowed\r\n/);
    assert.doesNotMatch(refused.text(), /Access-Control/);
  });

  it('says nothing before there is media, and then in chunks', async (t) => {
    const origin = await start(t);
    const server = await start(t, { origins: [origin.address] });
    const early = await get(t, server, '/live/later.flv', host('h'));
    await eventually(async () => (await clientsOf(server)).length === 1, { what: 'it waits' });
    assert.equal(early.text(), '');
    publishFile(t, origin.rtmp('later'));
    await early.hears(FLV);
    assert.match(early.text(), /^(?:.+\r\n)*Transfer-Encoding: chunked\r\n/);
    await eventually(() => unchunked(early).toString('latin1', 0, 3) === 'FLV', { what: 'FLV comes in chunks' });
  });

  it('names in the header the tracks that are there, or those of the conf', async (t) => {
    const guess = await start(t);
    const fixed = await start(t, { httpRemux: 'guess_has_av off; has_audio off;' });
    const kept = await start(t, { httpRemux: 'guess_has_av off; has_audio off; drop_if_not_match off;' });
    startProcess(t, 'ffmpeg', [
      '-re',
      '-stream_loop',
      '-1',
      '-i',
      sampleFlv,
      '-an',
      '-c',
      'copy',
      '-f',
      'flv',
      guess.rtmp('mute'),
    ]);
    await streamIsLive(guess, 'mute');
    for (const server of [guess, fixed, kept]) {
      publishFile(t, server.rtmp('both'), { loop: true });
      await streamIsLive(server, 'both');
    }
    const play = async (server: TestEdge, stream: string) => {
      const client = await get(t, server, `/live/${stream}.flv`, host('h'));
      // Long enough that both tracks of the sample would have come.
      await eventually(() => client.bytes().length > 60_000, { what: `${stream} plays` });
      const body = unchunked(client);
      const types = new Set(new FlvReader().push(body).map(({ typeId }) => typeId));
      return { flags: body[4], audio: types.has(MessageType.audio), video: types.has(MessageType.video) };
    };
    // SRS goes by the first messages that it happens to have; the built-in server waits until it knows.
    if (edge.is === 'builtin') assert.deepEqual(await play(guess, 'both'), { flags: 5, audio: true, video: true });
    assert.deepEqual(await play(guess, 'mute'), { flags: 1, audio: false, video: true });
    assert.deepEqual(await play(fixed, 'both'), { flags: 1, audio: false, video: true });
    assert.deepEqual(await play(kept, 'both'), { flags: 1, audio: true, video: true });
  });

  // SRS plays the stream in chunks to whatever method and version, does not unescape names, and waits for ever.
  if (edge.is === 'srs') return;

  it('keeps to HTTP where SRS does not', async (t) => {
    const server = await start(t);
    publishFile(t, `rtmp://127.0.0.1:${server.rtmpPort}/live/ä`);
    await streamIsLive(server, 'ä');
    const path = '/live/%C3%A4.flv';
    const old = await ask(t, server, `GET ${path} HTTP/1.0\r\n\r\n`);
    await old.hears(/^HTTP\/1\.0 200 OK\r\n(?:.+\r\n)*\r\nFLV/);
    assert.doesNotMatch(old.text().slice(0, 300), /chunked/);
    const head = await ask(t, server, `HEAD ${path} HTTP/1.1\r\n\r\nHEAD /live/none.mp4 HTTP/1.1\r\n\r\n`);
    await head.hears(/^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*\r\nHTTP\/1\.1 404 Not Found\r\n(?:.+\r\n)*\r\n$/);
    const post = await ask(t, server, `POST ${path} HTTP/1.1\r\n\r\n`);
    await post.hears(/^HTTP\/1\.1 405 .*\r\n(?:.+\r\n)*Allow: GET, HEAD, OPTIONS\r\n/);
    await (await get(t, server, '/live/none.flv')).hears(/^HTTP\/1\.1 404 Not Found\r\n/);
  });
}

/** The body so far, without the frames of its chunks. */
function unchunked(client: RawClient): Buffer {
  const bytes = client.bytes();
  const parts: Buffer[] = [];
  for (let at = bytes.indexOf('\r\n\r\n') + 4; ; ) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return Buffer.concat(parts);
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16);
    assert.ok(size > 0, 'it goes on');
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
