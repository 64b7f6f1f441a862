import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hlsAddressOf, segmentAddresses, tokenAddress, tokenOf } from '@dolphin/edge/domain/hls-address.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { ConfError, parseConf } from '@dolphin/srs';

const read = (text: string) => readSettings(parseConf(text, 'edge.conf'));
const settingsOf = (hls: string) =>
  read(`listen 1; vhost __defaultVhost__ { hls { ${hls} } } vhost other.com { hls { enabled on; } }`).settings;
const ON = settingsOf('enabled on;');
const at = (path: string, query = '', host = 'h:8080', settings = ON) => hlsAddressOf(settings, { host, path, query });

describe('an address of HLS', () => {
  it('is a stream’s playlist or one of its segments', () => {
    const shown = (path: string) => {
      const found = at(path);
      return found && [found.key.app, found.key.stream, found.segment];
    };
    assert.deepEqual(shown('/live/s.m3u8'), ['live', 's', null]);
    assert.deepEqual(shown('/a/b/s-1-22.ts'), ['a/b', 's-1', 22]);
    for (const none of [
      '/s.m3u8',
      '/live/s.ts',
      '/live/s-x.ts',
      '/live/s.flv',
      '/live/.m3u8',
      '/live/s-1234567890123456.ts',
    ]) {
      assert.equal(shown(none), null, none);
    }
  });

  it('means the vhost that is named or dialled, if that has HLS', () => {
    assert.equal(at('/live/s.m3u8', '', 'other.com:80')?.key.vhost, 'other.com');
    assert.equal(at('/live/s.m3u8', 'vhost=other.com')?.key.vhost, 'other.com');
    assert.equal(at('/live/s.m3u8', '', 'h', settingsOf('enabled off;')), null);
  });

  it('carries a viewer’s token, and the rest of its query', () => {
    assert.equal(tokenOf('a=1&hls_ctx=abcd1234'), 'abcd1234');
    for (const none of ['', 'hls_ctx=', 'hls_ctx=../../etc', 'xhls_ctx=abcd1234']) assert.equal(tokenOf(none), null);
    const own = tokenAddress('/live/ä b.m3u8', 'x=1&hls_ctx=zz', 'abcd1234');
    assert.equal(own, '/live/%C3%A4%20b.m3u8?hls_ctx=abcd1234&x=1');
    const address = at('/live/s t.m3u8', 'vhost=other.com')!;
    assert.equal(
      segmentAddresses(address, 'vhost=other.com', 'abcd1234')(7),
      's%20t-7.ts?hls_ctx=abcd1234&vhost=other.com',
    );
    assert.equal(segmentAddresses(at('/live/s.m3u8')!, '', null)(7), 's-7.ts');
  });

  it('of segments begins with the conf’s prefix, and leaves the token out when the conf says so', () => {
    const first = (hls: string) =>
      segmentAddresses(at('/live/s.m3u8', '', 'h', settingsOf(`enabled on; ${hls}`))!, '', 'abcd1234')(7);
    assert.equal(first('hls_entry_prefix http://cdn;'), 'http://cdn/live/s-7.ts?hls_ctx=abcd1234');
    assert.equal(first('hls_entry_prefix http://cdn/live/; hls_ts_ctx off;'), 'http://cdn/live/s-7.ts');
  });
});

describe('hls { } of a conf', () => {
  it('has SRS’s defaults', () => {
    assert.deepEqual(at('/live/s.m3u8')?.hls, {
      fragmentMs: 10_000,
      targetMs: 10_000,
      longestMs: 21_000,
      windowMs: 60_000,
      waitsForKeyFrame: true,
      disposeMs: 120_000,
      sessions: true,
      segmentSessions: true,
      entryPrefix: '',
    });
  });

  it('gives lengths by its ratios', () => {
    const hls = at(
      '/live/s.m3u8',
      '',
      'h',
      settingsOf('enabled on; hls_fragment 2; hls_td_ratio 1.5; hls_aof_ratio 1.2;'),
    )?.hls;
    assert.deepEqual([hls?.targetMs, hls?.longestMs], [3000, 3000]);
  });

  it('is refused with encryption, and warns of names that are not SRS’s', () => {
    const conf = (hls: string) => `listen 1;\nvhost v { hls { enabled on;\n${hls} } }`;
    assert.throws(
      () => read(conf('hls_keys on;')),
      (error: unknown) => error instanceof ConfError && /edge\.conf:3/.test(error.message),
    );
    const { warnings } = read(
      conf('hls_path ./x; hls_cleanup on; hls_keys off; hls_ts_file [app]/[seq].ts; hls_who 1;'),
    );
    assert.deepEqual(
      warnings.map(({ line, why }) => [line, /hls_\w+/.exec(why)?.[0]]),
      [
        [3, 'hls_ts_file'],
        [3, 'hls_who'],
      ],
    );
    assert.deepEqual(read('listen 1; vhost v { hls { enabled off; hls_keys on; } }').warnings, []);
  });
});
