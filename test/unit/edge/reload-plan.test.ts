import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planReload } from '@dolphin/edge/domain/reload-plan.js';
import { type EdgeSettings, readSettings } from '@dolphin/edge/domain/settings.js';
import { parseConf } from '@dolphin/srs';
import fc from 'fast-check';

const conf = (text: string): EdgeSettings => readSettings(parseConf(text, 'edge.conf')).settings;
const replaced = (now: string, asked: string) => {
  const plan = planReload(conf(now), conf(asked));
  assert.ok(plan.is === 'replace');
  return plan;
};

describe('the plan of a reload', () => {
  it('lets origins, vhosts and limits take effect', () => {
    const plan = replaced(
      'listen 1; max_connections 10; vhost a { mode remote; origin x; } vhost gone { }',
      'listen 1; max_connections 20; vhost a { mode remote; origin y; } vhost new { }',
    );
    assert.equal(plan.settings.maxConnections, 20);
    assert.deepEqual(plan.settings.vhosts.get('a')?.origins, [{ host: 'y', port: 1935 }]);
    assert.deepEqual(plan.changed, ['vhost a changed', 'vhost new added', 'vhost gone removed', 'maxConnections']);
    assert.deepEqual(plan.kept, []);
  });

  it('sees every setting of a vhost: none is a change that nobody notices', () => {
    const bodies = [
      ...['', 'enabled off;', 'play { gop_cache off; }', 'publish { normal_timeout 1; }'],
      ...[
        'dvr { enabled on; }',
        'dvr { enabled on; dvr_apply live/a; }',
        'dvr { enabled on; dvr_apply live/a live/b; }',
      ],
      ...['dvr { enabled on; dvr_apply live/b; }', 'hls { enabled on; }', 'hls { enabled on; hls_window 10; }'],
      ...['security { enabled on; deny play 10.0.0.0/8; }', 'security { enabled on; deny play 10.0.0.0/9; }'],
      ...['refer { enabled on; play a.b; }', 'refer { enabled on; play a.c; }'],
      ...['http_hooks { enabled on; on_play http://a/; }', 'http_hooks { enabled on; on_play http://b/; }'],
      ...['http_remux { enabled on; }', 'http_remux { enabled on; has_audio off; }'],
    ];
    for (const now of bodies) {
      for (const asked of bodies) {
        const { changed } = replaced(`listen 1; vhost a { ${now} }`, `listen 1; vhost a { ${asked} }`);
        assert.deepEqual(changed, now === asked ? [] : ['vhost a changed'], `${now} to ${asked}`);
      }
    }
  });

  it('keeps what is bound to the process, and says so', () => {
    const plan = replaced(
      'listen 1; pid a; server_id s; http_api { enabled on; listen 2; } vhost a { }',
      'listen 3; pid b; server_id t; http_api { enabled on; listen 4; } vhost a { } chunk_size 4096;',
    );
    assert.deepEqual([...plan.kept].sort(), ['http_api', 'listen', 'pid', 'server_id']);
    assert.deepEqual(plan.settings.rtmp, [{ address: '', port: 1 }]);
    assert.deepEqual([plan.settings.serverId, plan.settings.pidFile], ['s', 'a']);
    assert.equal(plan.settings.chunkSize, 4096);
  });

  it('refuses another mode of a vhost that is in use, and takes it of one that is not', () => {
    const edge = 'listen 1; vhost a { mode remote; origin x; }';
    assert.equal(planReload(conf(edge), conf('listen 1; vhost a { }')).is, 'refuse');
    assert.equal(planReload(conf('listen 1; vhost a { }'), conf(edge)).is, 'refuse');
    assert.equal(replaced('listen 1; vhost a { enabled off; }', edge).changed.length, 1);
    assert.equal(replaced('listen 1; vhost b { }', edge).changed.length, 2);
  });

  const vhost = fc.record({
    name: fc.constantFrom('a', 'b', '__defaultVhost__'),
    body: fc.constantFrom('', 'gop_cache off;', 'mode remote; origin x;', 'mode remote; origin x y;', 'enabled off;'),
  });
  const anyConf = fc
    .record({
      port: fc.integer({ min: 1, max: 3 }),
      chunkSize: fc.constantFrom(4096, 60_000),
      vhosts: fc.uniqueArray(vhost, { selector: ({ name }) => name }),
    })
    .map(({ port, chunkSize, vhosts }) => {
      const blocks = vhosts.map(({ name, body }) => `vhost ${name} { ${body} }`).join('\n');
      return conf(`listen ${port}; chunk_size ${chunkSize}; ${blocks}`);
    });

  it('changes nothing when the conf is the same', () => {
    fc.assert(
      fc.property(anyConf, (now) => {
        const plan = planReload(now, structuredClone(now));
        assert.ok(plan.is === 'replace');
        assert.deepEqual([plan.changed, plan.kept], [[], []]);
        assert.deepEqual(plan.settings, now);
        for (const [name, each] of plan.settings.vhosts) assert.equal(each, now.vhosts.get(name));
      }),
    );
  });

  it('moves no port, turns no vhost that is in use, and is done at once: the second time there is nothing to do', () => {
    fc.assert(
      fc.property(anyConf, anyConf, (now, asked) => {
        const plan = planReload(now, asked);
        if (plan.is === 'refuse') return;
        assert.equal(plan.settings.rtmp, now.rtmp);
        for (const [name, before] of now.vhosts) {
          const after = plan.settings.vhosts.get(name);
          if (before.enabled && after?.enabled) assert.equal(before.origins === null, after.origins === null);
        }
        assert.deepEqual([...plan.settings.vhosts.keys()], [...asked.vhosts.keys()]);
        const again = planReload(plan.settings, asked);
        assert.ok(again.is === 'replace');
        assert.deepEqual([again.changed, again.kept], [[], plan.kept]);
        assert.deepEqual(again.settings, plan.settings);
      }),
    );
  });
});
