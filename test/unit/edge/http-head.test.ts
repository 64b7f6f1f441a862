import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type HttpHead, headerOf, MAX_HEAD_BYTES, parseHead } from '@dolphin/edge/domain/http-head.js';
import fc from 'fast-check';

const parse = (text: string) => parseHead(Buffer.from(text, 'latin1'));

function headOf(text: string): HttpHead {
  const parsed = parse(text);
  assert.equal(parsed.is, 'head', text);
  return (parsed as { head: HttpHead }).head;
}

const get = (lines: string, version = '1.1') => headOf(`GET / HTTP/${version}\r\n${lines}\r\n`);

describe('the head of an HTTP request', () => {
  it('is read however it is cut', () => {
    const text = 'GET /live/a%20b.flv?token=1 HTTP/1.1\r\nHOST: h:80\r\nX-Real-IP: 1.2.3.4\r\n\r\n';
    for (let i = 0; i < text.length; i++) assert.equal(parse(text.slice(0, i)).is, 'more', `${i} bytes`);
    const { lines, ...head } = headOf(`${text}GET /next`);
    assert.deepEqual(head, {
      method: 'GET',
      path: '/live/a b.flv',
      query: 'token=1',
      minor: 1,
      host: 'h:80',
      keepsAlive: true,
      bytes: text.length,
      bodyBytes: 0,
    });
    assert.equal(headerOf({ lines }, 'x-real-ip'), '1.2.3.4');
    assert.equal(headerOf({ lines }, 'x-real'), '');
  });

  it('names its path in UTF-8, escaped or not', () => {
    for (const path of ['/live/à中.flv', '/live/%C3%A0%E4%B8%AD.flv']) {
      const parsed = parseHead(Buffer.from(`GET ${path} HTTP/1.1\r\n\r\n`));
      assert.equal(parsed.is === 'head' && parsed.head.path, '/live/à中.flv');
    }
  });

  it('may name the server in its target, which then holds', () => {
    const { host, path, query } = headOf('GET HTTP://a.com:81/live/s.flv?x=/y HTTP/1.1\r\nHost: b.com\r\n\r\n');
    assert.deepEqual({ host, path, query }, { host: 'a.com:81', path: '/live/s.flv', query: 'x=/y' });
    assert.equal(get('').host, '', 'HTTP/1.1 without Host is served, as by SRS');
  });

  it('says whether the connection stays', () => {
    assert.ok(get('').keepsAlive);
    assert.ok(!get('Connection: close\r\n').keepsAlive);
    assert.ok(!get('connection: x, Close\r\n').keepsAlive);
    assert.ok(!get('', '1.0').keepsAlive);
    assert.ok(get('Connection: Keep-Alive\r\n', '1.0').keepsAlive);
  });

  it('says how long its body is, or that nobody knows', () => {
    assert.equal(get('Content-Length: 12\r\n').bodyBytes, 12);
    assert.equal(get('Content-Length: 12\r\nContent-Length: 12\r\n').bodyBytes, 12);
    assert.equal(get('Transfer-Encoding: chunked\r\nContent-Length: 12\r\n').bodyBytes, null);
  });

  it('is bad when it is none, or its length contradicts itself', () => {
    const lengths = ['-1', '1x', '', '9'.repeat(16), '1\r\nContent-Length: 2'];
    const bad = [
      ...['\x03abc', 'get / ', 'GET / HTTP/2.0\r\n\r\n', 'GET /%zz HTTP/1.1\r\n\r\n', 'A'.repeat(18)],
      ...['GET live HTTP/1.1\r\n\r\n', 'GET ftp://a/b HTTP/1.1\r\n\r\n', 'GET http://a HTTP/1.1\r\n\r\n'],
      ...lengths.map((length) => `GET / HTTP/1.1\r\nContent-Length: ${length}\r\n\r\n`),
    ];
    for (const text of bad) assert.deepEqual(parse(text), { is: 'bad', status: 400 }, text);
  });

  it('is too long at once, ended or not', () => {
    const long = `GET /${'a'.repeat(MAX_HEAD_BYTES)}`;
    for (const text of [long, `${long} HTTP/1.1\r\n\r\n`]) assert.deepEqual(parse(text), { is: 'bad', status: 431 });
  });

  it('fits or not by its length, not by how it is cut', () => {
    const [start, end] = ['GET / HTTP/1.1\r\nX: ', '\r\n\r\n'];
    const longest = `${start}${'a'.repeat(MAX_HEAD_BYTES - start.length - end.length)}`;
    for (let cut = 0; cut <= 5; cut++) assert.equal(parse(longest.slice(0, longest.length - cut)).is, 'more');
    assert.equal(headOf(longest + end).bytes, MAX_HEAD_BYTES);
    assert.deepEqual(parse(`${longest}a${end}`), { is: 'bad', status: 431 });
  });

  it('never makes the reader throw, and never reaches beyond what came', () => {
    const piece = fc.constantFrom(
      'GET ',
      '/a',
      ' HTTP/1.1',
      '\r\n',
      '\r\n\r\n',
      'Content-Length: 5',
      'http://',
      '%',
      '?',
    );
    const input = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join(''))),
    );
    fc.assert(
      fc.property(input, (bytes) => {
        const parsed = parseHead(bytes);
        if (parsed.is === 'head') assert.ok(parsed.head.bytes <= bytes.length && parsed.head.path.startsWith('/'));
      }),
    );
  });
});
