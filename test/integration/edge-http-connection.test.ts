import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { MIN_SILENT_MS } from '@dolphin/edge/app/clients.js';
import { flvRoute, type HttpRoute } from '@dolphin/edge/app/http-routes.js';
import type { HttpAnswer } from '@dolphin/edge/domain/http-answer.js';
import { HttpConnection } from '@dolphin/edge/net/http-connection.js';
import { eventually } from '../support/eventually.js';
import { startHttpServer, startServer } from './edge-support/http-server.js';

const BIG = Buffer.alloc(24 * 1024 * 1024, 'x');

/** Answers /now/x at once and /late/x when the test says so, with x; the rest is not its own. */
async function start(t: TestContext) {
  const abandoned: string[] = [];
  const late = new Map<string, { resolve(answer: HttpAnswer): void; reject(error: Error): void }>();
  const words = (text: string): HttpAnswer => ({ status: 200, body: Buffer.from(`<${text}>`) });
  const route: HttpRoute = ({ path, query, address, header }) => {
    if (path === '/big') return { is: 'answer', answer: { status: 200, body: BIG } };
    if (path === '/who') {
      return { is: 'answer', answer: words([query, address, header('accept-encoding')].join(' ')) };
    }
    const [, kind, text = ''] = /^\/(now|late)\/(.*)$/.exec(path) ?? [];
    if (kind === undefined) return null;
    if (kind === 'now') return { is: 'answer', answer: words(text) };
    const answer = new Promise<HttpAnswer>((resolve, reject) => late.set(text, { resolve, reject }));
    const asksFirst = new Promise<HttpAnswer>((resolve, reject) => late.set(`may ${text}`, { resolve, reject }));
    const question = { answered: asksFirst, abandon: () => void abandoned.push(text) };
    return { is: 'late', answer, ...(text.startsWith('q') && { question }) };
  };
  const server = await startHttpServer(t, [route]);
  const asked = (text: string) => eventually(() => late.get(text), { what: `${text} is asked for` });
  return { ...server, words, asked, abandoned };
}

const get = (path: string, lines = '') => `GET ${path} HTTP/1.1\r\nHost: h\r\n${lines}\r\n`;

describe('an HTTP connection of the edge', () => {
  it('answers in the order of the requests, whatever is ready first', async (t) => {
    const { open, asked, words } = await start(t);
    const client = await open();
    client.say(get('/late/a') + get('/now/b') + get('/none') + get('/now/c'));
    (await asked('a')).resolve(words('a'));
    await client.hears(/<c>/);
    assert.deepEqual(client.text().match(/<\w>|HTTP\/1.1 \d+/g), [
      ...['HTTP/1.1 200', '<a>', 'HTTP/1.1 200', '<b>', 'HTTP/1.1 404', 'HTTP/1.1 200', '<c>'],
    ]);
  });

  it('answers requests that come byte by byte, and throws bodies away', async (t) => {
    const { open } = await start(t);
    const client = await open();
    const requests = `POST /now/x HTTP/1.1\r\nContent-Length: 20\r\n\r\n${get('/now/no').slice(0, 20)}${get('/now/y')}`;
    for (const char of requests) client.say(char);
    await client.hears(/<y>/);
    assert.deepEqual(client.text().match(/<\w+>|HTTP\/1.1 \d+/g), ['HTTP/1.1 405', 'HTTP/1.1 200', '<y>']);
  });

  it('tells a HEAD the length only, and tells routes what they ask', async (t) => {
    const { open } = await start(t);
    const client = await open();
    client.say(`HEAD /now/abc HTTP/1.1\r\n\r\n${get('/who?a=b', 'X-Real-IP: 192.0.2.7\r\nACCEPT-Encoding: gzip\r\n')}`);
    await client.hears(/<a=b 192\.0\.2\.7 gzip>/);
    assert.match(client.text(), /^HTTP\/1.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n.*\r\n\r\nHTTP/);
  });

  it('stays as long as the client wants it to', async (t) => {
    const { open } = await start(t);
    const stays = await open();
    stays.say('GET /now/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    await stays.hears(/<a>/);
    stays.say('GET /now/b HTTP/1.0\r\n\r\n');
    await stays.hears(/<b>/);
    await stays.isClosed();
    const ends = [
      get('/now/a', 'Connection: close\r\n'),
      'GET /now/a HTTP/1.0\r\n\r\n',
      'POST /now/a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n',
      'POST /now/a HTTP/1.1\r\nContent-Length: 999999\r\n\r\n',
      'nothing of HTTP\r\n\r\n',
      get('/now/a', `X: ${'x'.repeat(9000)}\r\n`),
    ];
    for (const words of ends) {
      const client = await open();
      client.say(words + get('/now/never'));
      await client.isClosed();
      assert.match(client.text(), /^HTTP\/1\.[01] \d+ [^<]*Connection: Close\r\n/, words);
      assert.doesNotMatch(client.text(), /never/, words);
    }
  });

  it('ends when the client is too slow with a head, or asks no more', async (t) => {
    const { open, clock, context } = await start(t);
    const [silent, slow, idle] = [await open(), await open(), await open()];
    slow.say('GET /now/');
    idle.say(get('/now/a'));
    await idle.hears(/<a>/);
    await eventually(() => context.clients.totals().received > 40, { what: 'all was read' });
    clock.pass(4000);
    slow.say('x');
    clock.pass(2000);
    await silent.isClosed();
    await slow.isClosed();
    assert.equal(context.trouble.timeouts, 2);
    assert.equal(context.clients.count, 1, 'who asked may ask again');
    clock.pass(10_000);
    await idle.isClosed();
    assert.equal(context.trouble.timeouts, 2, 'which is nobody’s fault');
  });

  it('is kept no more once the server ends: not when it is idle, and not after what is asked', async (t) => {
    const { open, asked, words, context } = await start(t);
    const [idle, waits, asks, newcomer] = [await open(), await open(), await open(), await open()];
    idle.say(get('/now/a'));
    await idle.hears(/<a>/);
    waits.say(get('/late/b'));
    const answer = await asked('b');
    asks.say(`${get('/now/c')}GET /now/d`);
    await asks.hears(/<c>/);
    context.clients.keepNoMore();
    await idle.isClosed();
    answer.resolve(words('b'));
    await waits.isClosed();
    assert.match(waits.text(), /Connection: Close[^<]*<b>$/);
    asks.say(get('').slice(4));
    await asks.isClosed();
    assert.match(asks.text(), /Connection: Keep-Alive[^<]*<c>.*Connection: Close[^<]*<d>$/s);
    newcomer.say(get('/now/e') + get('/now/never'));
    await newcomer.isClosed();
    assert.match(newcomer.text(), /Connection: Close[^<]*<e>$/);
    await eventually(() => context.clients.count === 0, { what: 'nobody is left' });
  });

  it('does not wait for ever for an answer, and survives one that fails', async (t) => {
    const { open, asked, words, clock } = await start(t);
    const client = await open();
    client.say(get('/late/a') + get('/late/b') + get('/now/c'));
    (await asked('a')).reject(new Error('no such segment'));
    await client.hears(/500 Internal Server Error/);
    const tooLate = await asked('b');
    clock.pass(10_000);
    await client.hears(/503 Service Unavailable/);
    tooLate.resolve(words('b'));
    await client.hears(/<c>/);
    assert.doesNotMatch(client.text(), /<b>/);
    const leaves = await open();
    leaves.say(get('/late/d'));
    const answer = await asked('d');
    leaves.socket.destroy();
    answer.resolve(words('d'));
  });

  it('waits as long as somebody is asked whether the client may come in, and then for the answer', async (t) => {
    const { open, asked, words, clock, abandoned } = await start(t);
    const [first, second, leaves] = [await open(), await open(), await open()];
    first.say(get('/late/q1'));
    second.say(get('/late/q2'));
    leaves.say(get('/late/q3'));
    await asked('q3');
    leaves.socket.destroy();
    await eventually(() => abandoned.length > 0, { what: 'whoever asks hears that it left' });
    assert.deepEqual(abandoned, ['q3']);
    const answer = await asked('q1');
    const question = await asked('may q2');
    clock.pass(29_000);
    answer.resolve(words('q1'));
    await first.hears(/<q1>/);
    question.resolve(words('yes'));
    await eventually(
      () => {
        clock.pass(5000);
        return second.text() !== '';
      },
      { what: 'the answer is late' },
    );
    assert.match(second.text(), /503 Service Unavailable/);
  });

  it('makes room for nobody while a hook is asked about its player', async (t) => {
    const routes: HttpRoute[] = [];
    let asked = 0;
    const { context, clock, open } = await startServer(t, {
      vhost: 'http_remux { enabled on; } http_hooks { enabled on; on_play http://127.0.0.1:1/; }',
      httpRoutes: routes,
      serve: (socket, of) => void new HttpConnection(socket, of, { handedOff: false }),
      post: () => {
        asked++;
        return () => undefined;
      },
    });
    routes.push(
      flvRoute(
        () => context.settings,
        () => false,
      ),
    );
    const player = await open();
    player.say(get('/live/s.flv'));
    await eventually(() => asked === 1, { what: 'the hook is asked' });
    clock.pass(MIN_SILENT_MS + 1);
    assert.equal(context.clients.makeRoom(clock.now()), false);
    const silent = await open();
    await eventually(() => context.clients.count === 2, { what: 'another one is there' });
    clock.pass(MIN_SILENT_MS + 1);
    assert.equal(context.clients.makeRoom(clock.now()), true);
    await silent.isClosed();
  });

  it('gives a slow client all of its answer, and then hangs up', async (t) => {
    const { open, clock } = await start(t);
    const client = await open();
    client.socket.pause();
    client.say(get('/big', 'Connection: close\r\n'));
    await eventually(() => client.socket.readableLength > 0, { what: 'it begins' });
    clock.pass(5000);
    client.socket.resume();
    await client.isClosed();
    assert.ok(client.text().endsWith('x') && client.text().length > BIG.length);
  });

  it('closes a client that takes its answer a little now and then', async (t) => {
    const { open, clock, context } = await start(t);
    const client = await open();
    client.socket.pause();
    client.say(get('/big'));
    await eventually(() => client.socket.readableLength > 0, { what: 'it begins' });
    const isGone = () => {
      client.socket.read(64 * 1024);
      clock.pass(10_000);
      return context.clients.count === 0;
    };
    await eventually(isGone, { what: 'it is closed, though it never stood still' });
    assert.equal(context.trouble.slowClosed, 1);
    assert.ok(client.text().length < BIG.length);
  });

  it('closes a client that takes nothing, and reads no more of one that only asks', async (t) => {
    const { open, clock, context } = await start(t);
    const client = await open();
    client.socket.pause();
    const flood = get('/big').repeat(200_000);
    client.say(flood);
    await eventually(() => client.socket.readableLength > 0, { what: 'it begins' });
    const isGone = () => {
      clock.pass(30_000);
      return context.clients.count === 0;
    };
    await eventually(isGone, { what: 'it is closed, when the kernel’s buffers are full' });
    assert.equal(context.trouble.slowClosed, 1);
    assert.ok(context.clients.totals().received < flood.length / 10, `${context.clients.totals().received} bytes`);
  });
});
