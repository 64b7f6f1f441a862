import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { normalAddress } from '@dolphin/pod/domain/client-address.js';
import { refusal, rewriteHead } from '@dolphin/pod/domain/http-head.js';
import fc from 'fast-check';

const rewrite = (text: string) => rewriteHead(Buffer.from(text, 'latin1'), '10.0.0.9');
const forwarded = (text: string) => {
  const result = rewrite(text);
  assert.ok(result.type === 'head', JSON.stringify(result));
  return result.forward.toString('latin1');
};

describe('the head of a request', () => {
  it('goes on with the real address, without what the client claims, and for one request only', () => {
    assert.equal(
      forwarded(
        'GET /live/a.flv?t=1 HTTP/1.1\r\nHost: h\r\nX-REAL-ip: 1.1.1.1\r\nX_Forwarded_For: 2.2.2.2\r\nUpgrade: x\r\n\r\n',
      ),
      'GET /live/a.flv?t=1 HTTP/1.1\r\nHost: h\r\nX-Real-IP: 10.0.0.9\r\nX-Forwarded-For: 10.0.0.9\r\nConnection: close\r\n\r\n',
    );
  });

  it('ends lines by a bare LF as the servers behind do, so that nothing hides behind one', () => {
    assert.ok(!forwarded('GET / HTTP/1.0\nA: b\nX-Real-IP: 1.1.1.1\n\n').includes('1.1.1.1'));
  });

  it('is refused where two readers could differ', () => {
    const bad = [
      'GET / HTTP/1.1\r\nX-Real-IP : 1.1.1.1\r\n\r\n',
      'GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n',
      'GET / HTTP/1.1\r\nA: b\rX-Real-IP: 1.1.1.1\r\n\r\n',
      'GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      'GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
      'GET /\r\n\r\n',
      '\r\n\r\n',
    ];
    for (const head of bad) assert.equal(rewrite(head).type, 'bad', JSON.stringify(head));
    const chunked = rewrite('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n');
    assert.ok(chunked.type === 'bad' && chunked.status === 501);
  });

  it('keeps the bytes of a path that is not ASCII', () => {
    const result = rewriteHead(Buffer.from('GET /live/à中.flv HTTP/1.1\r\n\r\n'), '10.0.0.9');
    assert.ok(result.type === 'head' && result.forward.includes('GET /live/à中.flv HTTP/1.1\r\n'));
  });

  it('has a limit', () => {
    const long = rewrite(`GET / HTTP/1.1\r\nA: ${'b'.repeat(8200)}`);
    assert.ok(long.type === 'bad' && long.status === 431);
  });

  it('says how much of a body belongs to it', () => {
    const result = rewrite('POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1');
    assert.ok(result.type === 'head');
    assert.equal(result.bodyBytes, 5);
    assert.equal(result.bytes, 'POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n'.length);
  });

  it('never throws, and never lets a claimed address through', () => {
    const part = fc.constantFrom(
      'GET ',
      '/ ',
      'HTTP/1.1',
      '\r\n',
      '\n',
      '\r',
      'X-Real-IP',
      ':',
      ' ',
      '6.6.6.6',
      '\t',
      '\0',
      'a',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const result = rewrite(`GET / HTTP/1.1\r\n${parts.join('')}\r\n\r\n`);
        if (result.type !== 'head') return;
        const lines = result.forward.toString('latin1').split(/\r\n|\n|\r/);
        assert.ok(lines.every((line) => !/^x-real-ip\s*:/i.test(line) || line === 'X-Real-IP: 10.0.0.9'));
      }),
    );
  });

  it('of a refusal carries a JSON code and says when to come again', () => {
    const [head = '', body = ''] = refusal(503, 'E_UNREACHABLE', 'none', 1).toString().split('\r\n\r\n');
    assert.match(head, /^HTTP\/1\.1 503 Service Unavailable\r\n/);
    assert.match(head, /Retry-After: 1/);
    assert.match(head, new RegExp(`Content-Length: ${body.length}`));
    assert.equal((JSON.parse(body) as { error: { code: string } }).error.code, 'E_UNREACHABLE');
  });
});

describe('the address of a client', () => {
  it('is plain IPv4 also on a dual-stack listener', () => {
    assert.equal(normalAddress('::ffff:10.1.2.3'), '10.1.2.3');
    assert.equal(normalAddress('2001:db8::1'), '2001:db8::1');
    assert.equal(normalAddress(undefined), '');
  });
});
