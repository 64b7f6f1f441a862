import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { streamOfUrl } from '@dolphin/edge/domain/flv-mount.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { parseConf } from '@dolphin/srs';

const conf = (text: string) => readSettings(parseConf(text, 'edge.conf')).settings;

describe('the URL of an HTTP-FLV player', () => {
  it('means a stream by the mount of its vhost', () => {
    const settings = conf(`listen 1;
      vhost __defaultVhost__ { http_remux { enabled on; } }
      vhost a.com { http_remux { enabled on; mount [vhost]/x/[app]/[stream].flv; } }
      vhost off.com { }`);
    const find = (host: string, path: string, query = '') => {
      const found = streamOfUrl(settings, { host, path, query });
      return found && `${found.key.vhost}/${found.key.app}/${found.key.stream}`;
    };
    assert.equal(find('127.0.0.1:8080', '/live/livestream.flv'), '__defaultVhost__/live/livestream');
    assert.equal(find('h', '/a/b/c.flv'), '__defaultVhost__/a/b/c');
    assert.equal(find('a.com:80', '/x/live/s.flv'), 'a.com/live/s');
    assert.equal(find('h', '/x/live/s.flv', 'vhost=a.com'), 'a.com/live/s');
    assert.equal(find('off.com', '/live/s.flv'), null);
    assert.equal(find('h', '/live/s.mp4'), null);
    assert.equal(find('h', '/s.flv'), null);
    assert.equal(find('h', `/live/${'s'.repeat(600)}.flv`), null);
  });
});
