import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_FIRST_BYTES, readFirstWords } from '@dolphin/pod/domain/first-words.js';
import { asksForHls } from '@dolphin/pod/domain/hls-request.js';
import { MAX_PROXY_HEADER_BYTES, parseProxyV2 } from '@dolphin/pod/domain/proxy-v2.js';
import { requestStream } from '@dolphin/pod/domain/request-stream.js';
import { MAX_HANDED_HEAD_CHARS } from '@dolphin/protocol';
import fc from 'fast-check';
import { PROXY_LOCAL, proxyV2 } from '../../support/proxy-v2.js';

describe('a PROXY v2 header', () => {
  it('tells the address of the client, of both families, and where it ends', () => {
    const v4 = proxyV2('10.1.2.3', { tlvs: Buffer.from([3, 0, 4, 1, 2, 3, 4]) });
    assert.deepEqual(parseProxyV2(Buffer.concat([v4, Buffer.from('more')])), {
      type: 'header',
      address: '10.1.2.3',
      bytes: 16 + 12 + 7,
    });
    const v6 = (address: string) => {
      const header = parseProxyV2(proxyV2(address));
      return header.type === 'header' ? header.address : header;
    };
    for (const address of ['2001:db8::1', '::1', '::', 'fe80::', '1:2:3:4:5:6:7:8', '1:0:2::3']) {
      assert.equal(v6(address), address);
    }
    assert.equal(v6('::ffff:10.1.2.3'), '10.1.2.3');
    assert.deepEqual(parseProxyV2(PROXY_LOCAL), { type: 'header', address: null, bytes: 16 });
  });

  it('is the same however it is cut', () => {
    const header = proxyV2('10.1.2.3', { tlvs: Buffer.alloc(40) });
    for (let bytes = 0; bytes < header.length; bytes++) {
      assert.equal(parseProxyV2(header.subarray(0, bytes)).type, 'more', `${bytes} bytes`);
    }
    assert.equal(parseProxyV2(header).type, 'header');
  });

  it('is refused when it is none, at the first byte that is wrong', () => {
    const whole = proxyV2('10.1.2.3');
    const changed = (at: number, byte: number) => parseProxyV2(Buffer.from(whole).fill(byte, at, at + 1)).type;
    for (let at = 0; at < 12; at++) assert.equal(changed(at, 0xff), 'bad');
    assert.equal(parseProxyV2(Buffer.from('P')).type, 'bad');
    assert.equal(parseProxyV2(Buffer.from('PROXY TCP4 10.1.2.3 10.0.0.1 1 2\r\n')).type, 'bad');
    for (const command of [0x11, 0x22, 0x30]) assert.equal(changed(12, command), 'bad');
    for (const family of [0x00, 0x12, 0x22, 0x31, 0x51]) assert.equal(changed(13, family), 'bad');
    assert.equal(changed(15, 11), 'bad');
  });

  it('is refused before it is read when it is too long', () => {
    const long = proxyV2('10.1.2.3', { tlvs: Buffer.alloc(MAX_PROXY_HEADER_BYTES - 28) });
    assert.equal(parseProxyV2(long).type, 'header');
    const longer = proxyV2('10.1.2.3', { tlvs: Buffer.alloc(MAX_PROXY_HEADER_BYTES - 27) });
    assert.equal(parseProxyV2(longer.subarray(0, 16)).type, 'bad');
  });

  it('never makes the parser throw, or tell an end beyond what is there', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(16), (noise, kept) => {
        const input = Buffer.concat([proxyV2('10.1.2.3').subarray(0, kept), noise]);
        const header = parseProxyV2(input);
        if (header.type === 'header') assert.ok(header.bytes <= input.length);
      }),
    );
  });
});

describe('a request for HLS', () => {
  it('is one for a playlist or a segment, whatever its escapes and its query', () => {
    const asks = (line: string) => asksForHls(Buffer.from(`${line}\r\nHost: a.m3u8\r\n\r\n`));
    for (const target of ['/live/a.m3u8', '/live/a-1.ts?x=1', '/live/a%2em3u8', 'http://h/a.ts#b', '/.ts']) {
      assert.equal(asks(`GET ${target} HTTP/1.1`), true, target);
    }
    for (const target of ['/live/a.flv', '/a.flv?b.ts', '/a.ts/', '/a.M3U8', '/ts', 'http://h.ts', '*']) {
      assert.equal(asks(`GET ${target} HTTP/1.1`), false, target);
    }
    for (const line of ['', 'GET', 'a.ts']) assert.equal(asks(line), false, line);
  });

  it('is seen alike by the pod and by a relay process', () => {
    const target = fc.stringMatching(/^\/[a-z%2e.?#/]{0,12}$/).map((path) => `${path}.ts`);
    fc.assert(
      fc.property(
        fc.oneof(target, fc.webUrl(), fc.webPath()),
        fc.constantFrom('.ts', '.m3u8', '.flv', '?a.ts', ''),
        (path, end) => {
          const head = Buffer.from(`GET ${path}${end} HTTP/1.1\r\nHost: a\r\n\r\n`, 'latin1');
          const read = requestStream(head, new Set());
          if (read.type === 'stream') assert.equal(asksForHls(head), read.isHls);
        },
      ),
    );
  });
});

describe('the stream of a request', () => {
  const vhosts = new Set(['__defaultVhost__', 'a.example']);
  const streamOf = (target: string, headers = '') => {
    const result = requestStream(Buffer.from(`GET ${target} HTTP/1.1\r\n${headers}\r\n`, 'latin1'), vhosts);
    return result.type === 'stream' ? result.stream : result.type;
  };

  it('is the vhost that SRS would find, and the path without query', () => {
    assert.equal(streamOf('/live/a.flv?token=1', 'Host: a.example:8080\r\n'), 'a.example/live/a.flv');
    assert.equal(streamOf('/live/a.flv', 'Host: 10.0.0.1\r\n'), '__defaultVhost__/live/a.flv');
    assert.equal(streamOf('/live/a.flv?x=1&vhost=a.example', 'Host: b\r\n'), 'a.example/live/a.flv');
    assert.equal(streamOf('http://a.example/live/a.flv'), 'a.example/live/a.flv');
    assert.equal(streamOf('/live/a.flv'), '__defaultVhost__/live/a.flv');
  });

  it('is one, however its path is escaped', () => {
    assert.equal(streamOf('/live/%61.flv'), streamOf('/live/a.flv'));
    assert.equal(streamOf(`/live/${Buffer.from('à').toString('latin1')}`), streamOf('/live/%C3%a0'));
    assert.equal(streamOf('/live/%zz'), '__defaultVhost__/live/%zz');
  });

  it('is waited for, and refused as the relay refuses', () => {
    assert.equal(requestStream(Buffer.from('GET /live/a.flv HTTP/1.1\r\nHo'), vhosts).type, 'more');
    const bad = requestStream(Buffer.from('\x03nonsense\r\n\r\n'), vhosts);
    assert.ok(bad.type === 'bad' && bad.status === 400);
    const long = requestStream(Buffer.from(`GET / HTTP/1.1\r\nA: ${'b'.repeat(8200)}`), vhosts);
    assert.ok(long.type === 'bad' && long.status === 431);
  });
});

describe('what the pod reads of a client', () => {
  const vhosts = new Set<string>();
  const request = Buffer.from('GET /live/a.flv HTTP/1.1\r\n\r\n');

  it('leaves every byte after the front’s header to the edge', () => {
    const words = readFirstWords(Buffer.concat([proxyV2('10.1.2.3'), request]), {
      proxyHeader: true,
      stream: true,
      vhosts,
    });
    assert.ok(words.type === 'known');
    assert.deepEqual([words.address, words.stream], ['10.1.2.3', '__defaultVhost__/live/a.flv']);
    assert.deepEqual(words.head, request);
  });

  it('has a bound that fits into a message', () => {
    const wanted = { proxyHeader: true, stream: false, vhosts };
    const most = readFirstWords(Buffer.concat([PROXY_LOCAL, Buffer.alloc(MAX_FIRST_BYTES)]), wanted);
    assert.ok(most.type === 'known' && most.head.toString('base64').length <= MAX_HANDED_HEAD_CHARS);
    const more = readFirstWords(Buffer.concat([PROXY_LOCAL, Buffer.alloc(MAX_FIRST_BYTES + 1)]), wanted);
    assert.ok(more.type === 'refused' && more.reason === 'unasked-bytes');
  });
});
