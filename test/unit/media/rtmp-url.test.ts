import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRtmpUrl, parseStreamName, parseTcUrl, streamOnConnection, tcUrlOf, withoutVhost } from '@dolphin/media';
import fc from 'fast-check';
import { refuses } from './media-arbitraries.js';

describe('an RTMP URL', () => {
  const cases: [string, Partial<ReturnType<typeof parseRtmpUrl>>][] = [
    ['rtmp://h/live/s', { host: 'h', port: 1935, vhost: 'h', app: 'live', stream: 's', query: '' }],
    ['rtmp://h:19350/a/b/s?x=1', { port: 19350, app: 'a/b', stream: 's', query: 'x=1' }],
    ['rtmp://h/live/s?vhost=v.com&x=1', { host: 'h', vhost: 'v.com', query: 'vhost=v.com&x=1' }],
    ['rtmp://h/live/s?vhost=__defaultVhost__', { vhost: 'h' }],
    ['rtmp://h/live?vhost=v/s', { app: 'live', stream: 's', vhost: 'v', query: 'vhost=v' }],
    ['rtmp://h/live/s?token=a/b', { app: 'live', stream: 's', query: 'token=a/b' }],
    ['rtmp://[::1]:1936/live/s', { host: '::1', port: 1936 }],
    ['rtmp://h/s', { app: '__defaultApp__', stream: 's' }],
    ['rtmp://h/live/_definst_/s', { app: 'live', stream: 's' }],
  ];
  for (const [url, parts] of cases) {
    it(`${url} is read`, () => {
      const parsed = parseRtmpUrl(url);
      assert.deepEqual({ ...parsed, ...parts }, parsed);
    });
  }

  it('without a scheme, or with a port that is none, is refused', () => {
    for (const url of ['', 'h/live/s', 'rtmp:/h/live/s', 'rtmp://h:99999/live/s', 'rtmp://h:x/live/s']) {
      assert.throws(() => parseRtmpUrl(url), { code: 'command' }, url);
    }
    assert.throws(() => parseRtmpUrl(`rtmp://h/${'x'.repeat(5000)}`), { code: 'limit' });
  });

  it('gives a tcUrl that names the vhost, as SRS does', () => {
    assert.equal(tcUrlOf(parseRtmpUrl('rtmp://h:1936/live/s?vhost=v')), 'rtmp://v:1936/live');
    assert.equal(tcUrlOf(parseRtmpUrl('rtmp://[::1]/live/s')), 'rtmp://[::1]/live');
    assert.equal(tcUrlOf({ ...parseRtmpUrl('rtmp://h/live/s'), vhost: '__defaultVhost__' }), 'rtmp://h/live');
  });
});

describe('a tcUrl', () => {
  it('names the vhost by its host, by vhost= or by ...vhost...', () => {
    assert.equal(parseTcUrl('rtmp://h/live').vhost, 'h');
    assert.deepEqual(parseTcUrl('rtmp://h:1936/live?vhost=v'), {
      host: 'h',
      port: 1936,
      vhost: 'v',
      app: 'live',
      query: 'vhost=v',
    });
    assert.equal(parseTcUrl('rtmp://h/live...vhost...v').vhost, 'v');
  });

  it('may have slashes in its query', () => {
    assert.equal(parseTcUrl('rtmp://h/live?token=a/b').app, 'live');
  });
});

describe('a stream name', () => {
  it('is parted from its query, which may name a vhost', () => {
    assert.deepEqual(parseStreamName('s?token=x'), { stream: 's', query: 'token=x' });
    assert.deepEqual(parseStreamName('/s?vhost=v'), { stream: 's', query: 'vhost=v', vhost: 'v' });
  });
});

describe('a stream on its connection', () => {
  const on = (tcUrl: string, name: string) => streamOnConnection(parseTcUrl(tcUrl), name);

  it('has the queries of its name and of the tcUrl, and its own vhost', () => {
    assert.deepEqual(on('rtmp://h/live?a=1', 's?token=a/b'), { app: 'live', stream: 's', query: 'token=a/b&a=1' });
    assert.deepEqual(on('rtmp://h/live?vhost=v', 's?vhost=w'), {
      app: 'live',
      stream: 's',
      query: 'vhost=w&vhost=v',
      vhost: 'w',
    });
    assert.equal(on('rtmp://h/live?a=1', 's?a=1').query, 'a=1');
  });

  it('gives all in front of its last slash to the app', () => {
    assert.deepEqual(on('rtmp://h/live', 'a/b/s'), { app: 'live/a/b', stream: 's', query: '' });
  });

  it('is found in the app if its name is empty', () => {
    assert.deepEqual(on('rtmp://h/live/s', ''), { app: 'live', stream: 's', query: '' });
    assert.deepEqual(on('rtmp://h/live', '?a=1'), { app: 'live', stream: '', query: 'a=1' });
  });

  it('goes upstream without the vhost that its query names', () => {
    assert.equal(withoutVhost('vhost=v&token=a/b&domain=w'), 'token=a/b');
    assert.equal(withoutVhost(''), '');
  });
});

it('any text is read as a URL, tcUrl and stream name, or refused by a MediaError', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `rtmp://${text}`),
        fc.webUrl(),
      ),
      (text) => {
        refuses(() => parseRtmpUrl(text));
        refuses(() => parseTcUrl(text));
        refuses(() => parseStreamName(text));
        refuses(() => streamOnConnection(parseTcUrl('rtmp://h/live?a=1'), text));
      },
    ),
  );
});
