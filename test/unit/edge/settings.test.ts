import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readSettings, sharesPort } from '@dolphin/edge/domain/settings.js';
import { ConfError, parseConf } from '@dolphin/srs';

const read = (text: string) => readSettings(parseConf(text, 'edge.conf'));
const vhostOf = (text: string) => {
  const vhost = read(`listen 1; vhost __defaultVhost__ { ${text} }`).settings.vhosts.get('__defaultVhost__');
  assert.ok(vhost);
  return vhost;
};

describe('the settings of an edge', () => {
  it('have SRS’s defaults', () => {
    const { settings, warnings } = read('listen 1935; vhost __defaultVhost__ { }');
    assert.deepEqual(warnings, []);
    assert.deepEqual(settings.rtmp, [{ address: '', port: 1935 }]);
    assert.deepEqual([settings.http, settings.api, settings.maxConnections], [null, null, 1000]);
    assert.equal(settings.chunkSize, 60_000);
    const vhost = settings.vhosts.get('__defaultVhost__');
    assert.deepEqual(vhost, {
      name: '__defaultVhost__',
      enabled: true,
      origins: null,
      upstreamVhost: '__defaultVhost__',
      gopCache: true,
      gopCacheMaxFrames: 2500,
      queueMs: 30_000,
      mergeMs: 350,
      gatherMs: 350,
      timeJitter: 'full',
      firstPacketMs: 20_000,
      packetMs: 5000,
      flvMount: null,
      flvTracks: { guess: true, audio: true, video: true, dropOthers: true },
      dvr: null,
      hls: null,
      access: null,
    });
  });

  it('say how the process logs and ends', () => {
    const { log, quit, forceGraceQuit } = read('listen 1; vhost a { }').settings;
    assert.deepEqual(
      [log, quit],
      [
        { file: null, level: null },
        { startMs: 2300, finalMs: 3200 },
      ],
    );
    assert.equal(forceGraceQuit, false);
    const of = (text: string) => read(`listen 1; vhost a { } ${text}`);
    const asked = of(
      'srs_log_tank file; srs_log_level trace; grace_start_wait 1; grace_final_wait 0; force_grace_quit on;',
    );
    assert.deepEqual(asked.settings.log, { file: './objs/srs.log', level: 'info' });
    assert.deepEqual([asked.settings.quit, asked.settings.forceGraceQuit], [{ startMs: 1, finalMs: 0 }, true]);
    assert.deepEqual(of('srs_log_file a.log; srs_log_level_v2 trace;').settings.log, { file: null, level: 'trace' });
    for (const [text, why] of [
      ['srs_log_level loud;', /srs_log_level is one of/],
      ['daemon on;', /stays in the foreground/],
    ] as const) {
      assert.match(of(text).warnings[0]?.why ?? '', why);
    }
    assert.throws(() => of('srs_log_tank nowhere;'), ConfError);
  });

  it('let the API stand on the port of HTTP-FLV, at the same address', () => {
    const of = (http: string, api: string) =>
      read(`listen 1; vhost a { } http_server { enabled on; listen ${http}; } http_api { enabled on; listen ${api}; }`);
    assert.equal(sharesPort(of('8080', '8080').settings), true);
    assert.equal(sharesPort(of('8080', '1985').settings), false);
    assert.throws(() => of('8080', '127.0.0.1:8080'), /on one port/);
  });

  it('are the same from the form of 2015 and from that of 5.0', () => {
    const old = vhostOf(`mode remote; origin a:1935 b; gop_cache off; queue_length 10; mw_latency 100;
      time_jitter zero; publish_1stpkt_timeout 1000; publish_normal_timeout 2000;
      http_remux { enabled on; mount [vhost]/[app]/[stream].flv; hstrs on; }`);
    const now = vhostOf(`cluster { mode remote; origin a:1935 b; }
      play { gop_cache off; queue_length 10; mw_latency 100; time_jitter zero; }
      publish { firstpkt_timeout 1000; normal_timeout 2000; }
      http_remux { enabled on; mount [vhost]/[app]/[stream].flv; }`);
    assert.deepEqual(old, now);
    assert.deepEqual(now.origins, [
      { host: 'a', port: 1935 },
      { host: 'b', port: 1935 },
    ]);
  });

  it('of a back source merge nothing', () => {
    assert.equal(vhostOf('min_latency on; play { mw_latency 0; time_jitter off; }').mergeMs, 0);
    assert.equal(vhostOf('min_latency on;').mergeMs, 0);
  });

  it('let a publisher wait for as long as its slab would, unless it is refused or somebody is in a hurry', () => {
    const of = (text: string) => vhostOf(text).gatherMs;
    assert.deepEqual([of('play { mw_latency 100; }'), of('play { mw_latency 0; }')], [100, 0]);
    assert.deepEqual([of('publish { mr on; mr_latency 200; }'), of('mr { enabled on; latency 200; }')], [200, 200]);
    assert.deepEqual([of('publish { mr off; mr_latency 200; }'), of('mr { enabled off; latency 200; }')], [0, 0]);
    assert.deepEqual([of('min_latency on;'), of('min_latency on; publish { mr on; mr_latency 200; }')], [0, 0]);
    assert.equal(of('publish { mr_latency 1200; }'), 0, 'its end would be unheard for too long');
    assert.equal(of('publish { normal_timeout 700; }'), 0, 'it would pass for one that says nothing');
    assert.throws(() => of('publish { mr_latency 20000; }'), ConfError);
  });

  it('transform the vhost for the upstream', () => {
    const { settings } = read('listen 1; vhost a.com { cluster { mode remote; origin o; vhost up.[vhost]; } }');
    assert.equal(settings.vhosts.get('a.com')?.upstreamVhost, 'up.a.com');
  });

  it('are refused with file and line where they are wrong', () => {
    const wrong: [string, number, RegExp][] = [
      ['vhost a { }', 1, /listen is missing/],
      ['listen x;', 1, /listen is/],
      ['listen 1;\nvhost a {\ncluster { mode remote; } }', 3, /wants an origin/],
      ['listen 1;\nvhost a {\ncluster { mode remote; origin a:b; } }', 3, /origin is host/],
      ['listen 1;\nvhost a { }\nvhost a { }', 3, /twice/],
      ['listen 1;\nvhost a { play {\ntime_jitter fast; } }', 3, /time_jitter is one of/],
      ['listen 1;\nvhost a { http_remux { enabled on;\nmount /x; } }', 3, /mount is a template/],
      ['listen 1;\nmax_connections 0;', 2, /max_connections/],
    ];
    for (const [text, line, why] of wrong) {
      assert.throws(
        () => read(text),
        (error: unknown) => error instanceof ConfError && error.line === line && why.test(error.why),
        text,
      );
    }
  });

  it('warn of words that only SRS’s default is obeyed of, and not of that default', () => {
    const of = (words: string[]) => {
      const [process, auto, atc, mix, reduce, interval, protocol] = words;
      return read(`listen 1; asprocess ${process}; inotify_auto_reload ${auto};
        vhost a { play { atc ${atc}; mix_correct ${mix}; reduce_sequence_header ${reduce}; send_min_interval ${interval}; }
          cluster { mode remote; origin x; protocol ${protocol}; } }`).warnings.map(({ why }) => why);
    };
    assert.deepEqual(of(['off', 'off', 'off', 'off', 'off', '0.0', 'rtmp']), []);
    assert.deepEqual(of(['on', 'on', 'on', 'on', 'on', '10.0', 'flv']), [
      'asprocess is always off here',
      'inotify_auto_reload is always off here',
      'vhost a: play: atc is always off here',
      'vhost a: play: mix_correct is always off here',
      'vhost a: play: reduce_sequence_header is always off here',
      'vhost a: play: send_min_interval is always 0 here',
      'vhost a: cluster: protocol is always rtmp here',
    ]);
  });

  it('warn of what has no effect, once each, and not of what is switched off', () => {
    const { warnings } = read(`listen 1; rtc_server { enabled on; } nonsense 1;
      vhost a { exec { enabled on; } hls { enabled off; } transcode { } chunk_size 4096; }`);
    assert.deepEqual(
      warnings.map(({ why }) => why),
      [
        'rtc_server has no effect here',
        'nonsense has no effect here',
        'vhost a: exec has no effect here',
        'one chunk_size for all is used: 60000',
      ],
    );
  });
});
