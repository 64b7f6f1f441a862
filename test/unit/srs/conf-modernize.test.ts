import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { modernizeConf, parseConf, printConf } from '@dolphin/srs';

const modern = (text: string) => printConf(modernizeConf(parseConf(text, 'a.conf')));
const same = (text: string) => printConf(parseConf(text, 'b.conf'));

describe('a conf of SRS 1 or 2, in the form of 3 and later', () => {
  it('has the edge directives in cluster', () => {
    assert.equal(
      modern('vhost v { mode remote; origin a:1 b:2; token_traverse on; vhost w; debug_srs_upnode off; }'),
      same('vhost v { cluster { mode remote; origin a:1 b:2; token_traverse on; vhost w; debug_srs_upnode off; } }'),
    );
  });

  it('has those for players in play, and those for publishers in publish', () => {
    assert.equal(
      modern('vhost v { gop_cache off; mw_latency 100; mr { enabled on; latency 500; } publish_normal_timeout 7; }'),
      same('vhost v { play { gop_cache off; mw_latency 100; } publish { mr on; mr_latency 500; normal_timeout 7; } }'),
    );
  });

  it('has refer as a block that is switched on', () => {
    assert.equal(
      modern('vhost v { refer a.com b.com; refer_play c.com; refer_publish d.com; }'),
      same('vhost v { refer { all a.com b.com; enabled on; play c.com; publish d.com; } }'),
    );
  });

  it('has forward as a block, http as http_static, http_stream as http_server, and no hstrs', () => {
    assert.equal(
      modern('http_stream { enabled on; } vhost v { forward x:1; http { dir a; } http_remux { hstrs on; mount m; } }'),
      same(
        'http_server { enabled on; } vhost v { forward { enabled on; destination x:1; } http_static { dir a; } http_remux { mount m; } }',
      ),
    );
  });

  it('lets the old form win over the new one, as SRS does', () => {
    assert.equal(
      modern('vhost v { cluster { mode local; coworkers x; } mode remote; }'),
      same('vhost v { cluster { mode remote; coworkers x; } }'),
    );
  });

  it('is left as it is when it is modern already, and the argument is never changed', () => {
    const text = 'listen 1; vhost v { cluster { mode remote; origin a:1; } play { gop_cache on; } refer { all a; } }';
    const tree = parseConf(text, 'a.conf');
    const before = JSON.stringify(tree);
    assert.equal(printConf(modernizeConf(tree)), same(text));
    assert.equal(JSON.stringify(tree), before);
    const mixed = parseConf('vhost v { cluster { mode local; } mode remote; }', 'a.conf');
    const mixedBefore = JSON.stringify(mixed);
    modernizeConf(mixed);
    assert.equal(JSON.stringify(mixed), mixedBefore);
  });
});
