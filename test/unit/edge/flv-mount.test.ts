import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { streamOfUrl } from '@dolphin/edge/domain/flv-mount.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { keyText } from '@dolphin/edge/domain/stream-key.js';
import { parseConf } from '@dolphin/srs';

const settings = readSettings(
  parseConf(
    `listen 1;
    vhost __defaultVhost__ { http_remux { enabled on; } }
    vhost a.com { http_remux { enabled on; mount [vhost]/x/[app]/[stream].flv; } }
    vhost all.com { http_remux { enabled on; mount /pre/[app]/[stream].flv; } }
    vhost short.com { http_remux { enabled on; mount /[stream].flv; } }
    vhost edge.com { cluster { mode remote; origin o; } http_remux { enabled on; mount /far/[app]/[stream].flv; } }
    vhost off.com { }
    vhost disabled.com { enabled off; http_remux { enabled on; } }`,
    'edge.conf',
  ),
).settings;

/** The stream of a URL where these are published, as vhost/app/stream. */
function find(url: string, o: { host?: string; published?: readonly string[] } = {}): string | null {
  const [path = '', query = ''] = url.split('?');
  const found = streamOfUrl(settings, { host: o.host ?? '', path, query }, (key) =>
    (o.published ?? []).includes(keyText(key)),
  );
  return found && keyText(found.key);
}

describe('the URL of an HTTP-FLV player', () => {
  it('means a stream by the mount of its vhost', () => {
    assert.equal(find('/live/livestream.flv', { host: '127.0.0.1:8080' }), '__defaultVhost__/live/livestream');
    assert.equal(find('/live/livestream.flv'), '__defaultVhost__/live/livestream', 'without Host');
    assert.equal(find('/a/b/c.flv', { host: 'h' }), '__defaultVhost__/a/b/c');
    assert.equal(find('/x/live/s.flv', { host: 'a.com:80' }), 'a.com/live/s');
    assert.equal(find('/s.flv', { host: 'short.com' }), 'short.com/live/s');
    for (const host of ['off.com', 'disabled.com', 'a.com']) assert.equal(find('/live/s.flv', { host }), null, host);
  });

  it('may name its vhost in the query, which then holds', () => {
    assert.equal(find('/x/live/s.flv?vhost=a.com', { host: 'off.com' }), 'a.com/live/s');
    assert.equal(find('/x/live/s.flv?token=1&domain=a%2Ecom'), 'a.com/live/s');
    assert.equal(find('/live/s.flv?vhost=', { host: 'h' }), '__defaultVhost__/live/s');
  });

  it('is none with another ending, without app, or with a name too long', () => {
    for (const path of ['/live/s.mp4', '/live/s.FLV', '/live/s.flv/', '//s.flv', '/live/.flv', '/', 'live/s.flv']) {
      assert.equal(find(path), null, path);
    }
    assert.equal(find(`/live/${'s'.repeat(600)}.flv`), null);
  });

  it('finds a published stream of a vhost that no mount names, whatever vhost is asked for', () => {
    const published = ['all.com/live/s', 'short.com/live/s', '__defaultVhost__/live/s', 'a.com/live/s'];
    assert.equal(find('/pre/live/s.flv', { host: 'a.com', published }), 'all.com/live/s');
    assert.equal(find('/pre/live/s.flv', { host: 'h', published }), 'all.com/live/s', 'before one that is not there');
    assert.equal(find('/pre/live/s.flv', { host: 'h' }), '__defaultVhost__/pre/live/s');
    assert.equal(find('/pre/live/s.flv', { host: 'a.com' }), null, 'and only a published one');
    assert.equal(find('/s.flv', { host: 'a.com', published }), 'short.com/live/s');
    assert.equal(find('/live/s.flv', { host: 'off.com', published }), '__defaultVhost__/live/s');
    assert.equal(find('/x/live/s.flv', { host: 'off.com', published: ['a.com/live/s'] }), null, 'its mount names it');
    assert.equal(find('/far/live/s.flv', { host: 'off.com', published: ['edge.com/live/s'] }), null, 'it is not here');
  });
});
