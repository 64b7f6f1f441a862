import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  admittedClients,
  confOrigins,
  type EdgeToRender,
  RESERVED_CONNECTIONS,
  renderEdgeConf,
} from '@dolphin/pod/domain/render-conf.js';
import { ConfError, ConfView, type Directive, parseConf, parseListen, printConf } from '@dolphin/srs';
import fc from 'fast-check';
import { fromRoot } from '../../support/paths.js';

const stream: EdgeToRender = {
  role: 'stream',
  slot: 2,
  ports: { rtmp: 1938, http: 18083, api: 33334 },
  privateAddress: '127.0.0.1',
  origins: ['127.0.0.1:11935'],
  upstream: 'back-source',
  serverId: 'dolphin-h1-stream-2',
  clients: 1000,
  dialect: 'srs5',
};
const backSource: EdgeToRender = {
  ...stream,
  role: 'back-source',
  slot: 0,
  ports: { rtmp: 11935, api: 33331 },
  origins: ['10.0.0.1:1935', '10.0.0.2:1935'],
  upstream: 'origin',
  serverId: 'dolphin-h1-back-source-0',
};

const render = (text: string, edge: EdgeToRender = stream) => {
  const { conf, warnings } = renderEdgeConf(parseConf(text, 'user.conf'), edge);
  return { conf, view: new ConfView(conf), vhost: new ConfView(conf).block('vhost'), text: printConf(conf), warnings };
};
const printed = (list: readonly Directive[] | undefined) => printConf(list ?? []);

describe('the conf of a stream edge', () => {
  it('is made of what dolphin manages, also from an empty conf', () => {
    const { text, warnings } = render('');
    assert.deepEqual(warnings, []);
    assert.equal(
      text,
      printConf(
        parseConf(
          `listen 127.0.0.1:1938; max_connections 1064; daemon off; pid stream-2.pid; work_dir .; srs_log_tank console;
          server_id dolphin-h1-stream-2;
          http_api { enabled on; listen 127.0.0.1:33334; raw_api { enabled on; allow_reload on; } }
          http_server { enabled on; listen 127.0.0.1:18083; }
          grace_start_wait 2300; grace_final_wait 3200; force_grace_quit off; auto_reload_for_docker off;
          query_latest_version off;
          vhost __defaultVhost__ {
            cluster { mode remote; origin 127.0.0.1:11935; }
            http_remux { enabled on; mount [vhost]/[app]/[stream].flv; drop_if_not_match off; }
          }`,
          'expected.conf',
        ),
      ),
    );
  });

  it('replaces what dolphin manages without a word, wherever the user wrote it', () => {
    const { view, text, warnings } = render(
      `listen 1935 0.0.0.0:1936; daemon on; pid ./objs/srs.pid; work_dir /; srs_log_tank file; srs_log_file ./x.log;
       max_connections 7; server_id mine; asprocess on; inotify_auto_reload on; query_latest_version on;
       http_api { enabled off; listen 0.0.0.0:1985; crossdomain off; raw_api { enabled off; allow_query on; } }
       http_server { enabled off; listen 8080; dir ./html; }`,
    );
    assert.deepEqual(warnings, []);
    assert.equal(view.directives.filter((item) => item.name === 'listen').length, 1);
    assert.deepEqual(view.strings('listen'), ['127.0.0.1:1938']);
    assert.equal(view.int('max_connections', 0), 1000 + RESERVED_CONNECTIONS);
    assert.equal(view.string('query_latest_version', ''), 'off');
    assert.equal(
      printed(view.block('http_api').directives),
      'enabled on;\nlisten 127.0.0.1:33334;\ncrossdomain off;\nraw_api {\n    enabled on;\n    allow_reload on;\n}\n',
    );
    assert.equal(printed(view.block('http_server').directives), 'enabled on;\nlisten 127.0.0.1:18083;\ndir ./html;\n');
    assert.doesNotMatch(text, /asprocess|srs_log_file|inotify|0\.0\.0\.0|mine/);
  });

  it('keeps the rest: root directives, play, publish, remux, and what restricts access', () => {
    const { view, vhost, warnings } = render(
      `chunk_size 4096; srs_log_level warn;
       vhost __defaultVhost__ {
         chunk_size 128; tcp_nodelay on; min_latency on;
         play { gop_cache off; mw_latency 100; } publish { normal_timeout 7000; mr on; }
         http_remux { enabled on; mount [vhost]/x/[stream].flv; fast_cache 10; }
         security { enabled on; deny play 10.0.0.1; } refer { enabled on; all a.com; }
         http_hooks { enabled on; on_connect http://127.0.0.1/hook; }
       }`,
    );
    assert.deepEqual(warnings, []);
    assert.equal(view.int('chunk_size', 0), 4096);
    assert.equal(view.string('srs_log_level', ''), 'warn');
    assert.equal(vhost.int('chunk_size', 0), 128);
    assert.equal(vhost.onOff('min_latency', false), true);
    assert.equal(printed(vhost.block('play').directives), 'gop_cache off;\nmw_latency 100;\n');
    assert.equal(printed(vhost.block('publish').directives), 'normal_timeout 7000;\nmr on;\n');
    assert.equal(vhost.block('http_remux').string('mount', ''), '[vhost]/x/[stream].flv');
    for (const name of ['security', 'refer', 'http_hooks'])
      assert.equal(vhost.block(name).onOff('enabled', false), true);
  });

  it('has SRS 5 drop no track that it did not expect, unless the user wants that', () => {
    const remux = (text: string, edge?: EdgeToRender) => printed(render(text, edge).vhost.find('http_remux')?.block);
    assert.match(remux('vhost __defaultVhost__ { http_remux { enabled on; } }'), /drop_if_not_match +off;/);
    const wanted = 'vhost __defaultVhost__ { http_remux { enabled on; drop_if_not_match on; } }';
    assert.match(remux(wanted), /^enabled +on;\ndrop_if_not_match +on;$/m);
    for (const dialect of ['builtin', 'srs4'] as const) {
      assert.doesNotMatch(remux('', { ...stream, dialect }), /drop_if_not_match/);
    }
  });

  it('keeps named vhosts apart and invents no default one beside them', () => {
    const { view } = render('vhost a.com { } vhost b.com { enabled off; cluster { token_traverse on; } }');
    const vhosts = view.blocks('vhost');
    assert.deepEqual(
      vhosts.map((vhost) => vhost.owner?.args),
      [['a.com'], ['b.com']],
    );
    for (const vhost of vhosts) assert.deepEqual(vhost.block('cluster').strings('origin'), ['127.0.0.1:11935']);
    assert.equal(vhosts[1]?.onOff('enabled', true), false);
    assert.equal(vhosts[1]?.block('cluster').onOff('token_traverse', false), true);
  });

  it('renames a vhost on the way to the origin only: the back source knows it by its first name', () => {
    const text = 'vhost a.com { cluster { vhost up.com; } }';
    assert.equal(render(text).vhost.block('cluster').has('vhost'), false);
    assert.equal(
      render(text, { ...stream, upstream: 'origin' })
        .vhost.block('cluster')
        .string('vhost', ''),
      'up.com',
    );
    assert.equal(render(text, backSource).vhost.block('cluster').string('vhost', ''), 'up.com');
  });
});

describe('the conf of a back source', () => {
  it('adds no delay and has no HTTP for viewers', () => {
    const { view, vhost, warnings } = render(
      `vhost __defaultVhost__ {
         min_latency off;
         play { gop_cache on; mw_latency 350; time_jitter full; queue_length 10; mix_correct on; mw_msgs 8; }
         publish { mr on; mr_latency 350; normal_timeout 7000; }
         http_remux { enabled on; mount x; }
       }`,
      backSource,
    );
    assert.deepEqual(warnings, []);
    assert.equal(vhost.string('min_latency', ''), 'on');
    assert.equal(
      printed(vhost.block('play').directives),
      'mw_latency 0;\ntime_jitter off;\ngop_cache on;\nqueue_length 10;\n',
    );
    assert.equal(printed(vhost.block('publish').directives), 'normal_timeout 7000;\n');
    assert.equal(vhost.has('http_remux'), false);
    assert.equal(view.block('http_server').string('enabled', ''), 'off');
    assert.deepEqual(vhost.block('cluster').strings('origin'), ['10.0.0.1:1935', '10.0.0.2:1935']);
  });

  it('leaves what restricts access to the stream edges: its own clients are the edges of its host', () => {
    const { vhost, warnings } = render(
      `vhost v { security { enabled on; deny play all; } refer a.com;
       http_hooks { enabled on; on_play http://x; } chunk_size 128; }`,
      backSource,
    );
    assert.deepEqual(warnings, []);
    for (const name of ['security', 'refer', 'http_hooks']) assert.equal(vhost.has(name), false, name);
    assert.equal(vhost.int('chunk_size', 0), 128);
  });
});

describe('what has no place on an edge', () => {
  it('is dropped with one warning each, naming file and line', () => {
    const { text, warnings } = render(
      [
        'heartbeat { enabled on; }',
        'stream_caster { enabled on; }',
        'exporter { enabled on; }',
        'rtc_server { enabled on; }',
        'srt_server { enabled on; }',
        'vhost v {',
        ...['dvr', 'hls', 'dash', 'forward', 'exec', 'rtc', 'srt', 'hds'].map((name) => `${name} { enabled on; }`),
        'transcode { enabled on; }',
        'ingest livestream { enabled on; }',
        'forward 10.0.0.9:1935;',
        'publish { kickoff_for_idle on; }',
        '}',
      ].join('\n'),
    );
    assert.equal(warnings.length, 17, warnings.join('\n'));
    assert.equal(warnings[0], 'user.conf:1: heartbeat has no place on an edge: dropped');
    assert.ok(warnings.includes('user.conf:8: hls is served by http edges alone: dropped'));
    assert.ok(warnings.includes('user.conf:7: dvr has no place on an edge: dropped'));
    assert.ok(warnings.includes('user.conf:17: forward has no place on an edge: dropped'));
    assert.doesNotMatch(text, /heartbeat|caster|exporter|_server \{\n {4}enabled on;\n\}|dvr|hls|dash|forward|kickoff/);
  });

  it('is dropped without a word when it is switched off anyway', () => {
    const { text, warnings } = render('heartbeat { enabled off; } vhost v { hls { enabled off; } dvr { } }');
    assert.deepEqual(warnings, []);
    assert.doesNotMatch(text, /heartbeat|hls|dvr/);
  });

  it('includes the ways of an origin: mode local, an origin cluster, pulls by HTTP', () => {
    const { vhost, warnings } = render('vhost v { cluster { mode local; origin_cluster on; protocol flv; } }');
    assert.equal(vhost.block('cluster').string('mode', ''), 'remote');
    assert.deepEqual(warnings, [
      "user.conf:1: mode local is an origin's: an edge pulls",
      "user.conf:1: cluster.origin_cluster is an origin's: dropped",
      'user.conf:1: protocol flv: edges pull by RTMP: dropped',
    ]);
  });

  it('includes TLS and passwords on a private API', () => {
    const { view, warnings } = render('http_api { auth { enabled on; username a; } https { enabled on; } }');
    assert.equal(warnings.length, 2);
    assert.equal(view.block('http_api').has('auth'), false);
    assert.equal(view.block('http_api').has('https'), false);
  });
});

describe('the dialect of an edge', () => {
  const user = `srs_log_level_v2 info; threads { interval 5; } http_server { crossdomain on; }
    vhost v {
      in_ack_size 1; play { gop_cache on; gop_cache_max_frames 100; mw_msgs 8; }
      publish { mr on; mr_latency 300; firstpkt_timeout 1000; normal_timeout 2000; parse_sps on; }
      http_remux { enabled on; mount m; has_audio off; } refer { enabled on; all a.com; play b.com; }
    }`;

  it('of SRS 2 has mode and origin in the vhost, hstrs, and no raw_api', () => {
    const { vhost, text, warnings } = render(user, { ...stream, dialect: 'srs2' });
    assert.equal(
      printed(vhost.directives),
      printed(
        parseConf(
          `mode remote; origin 127.0.0.1:11935; refer a.com; refer_play b.com; gop_cache on;
           publish_1stpkt_timeout 1000; publish_normal_timeout 2000; mr { enabled on; latency 300; }
           publish { parse_sps on; } http_remux { enabled on; mount m; hstrs on; }`,
          'expected.conf',
        ),
      ),
    );
    assert.doesNotMatch(text, /raw_api|server_id|grace|crossdomain|threads|auto_reload|query_latest|cluster|play \{/);
    assert.deepEqual(
      warnings.map((warning) => /: (\S+) is not known to SRS 2: dropped/.exec(warning)?.[1]),
      ['srs_log_level_v2', 'threads', 'crossdomain', 'in_ack_size', 'gop_cache_max_frames', 'mw_msgs', 'has_audio'],
    );
  });

  it('of SRS 2 has a back source too, and no refer that was switched off', () => {
    const { vhost } = render('vhost v { }', { ...backSource, dialect: 'srs2' });
    assert.equal(vhost.string('min_latency', ''), 'on');
    assert.equal(vhost.int('mw_latency', -1), 0);
    assert.equal(vhost.string('time_jitter', ''), 'off');
    assert.equal(
      render('vhost v { refer { enabled off; all a; } }', { ...stream, dialect: 'srs2' }).text.includes('refer'),
      false,
    );
  });

  it('of SRS 3 and 4 leaves out what came later', () => {
    const three = render(user, { ...stream, dialect: 'srs3' });
    assert.doesNotMatch(three.text, /server_id|query_latest|mw_msgs|threads|has_audio/);
    assert.match(three.text, /grace_start_wait|raw_api/);
    const four = render(user, { ...stream, dialect: 'srs4' });
    assert.match(four.text, /server_id[\s\S]*mw_msgs/);
    assert.doesNotMatch(four.text, /threads|has_audio|gop_cache_max_frames/);
  });

  it('of the built-in server is that of SRS 5 without the switches that only SRS has, and ends fast', () => {
    const { text, warnings } = render(user, { ...stream, dialect: 'builtin' });
    assert.deepEqual(warnings, []);
    assert.match(text, /server_id[\s\S]*raw_api[\s\S]*cluster \{\n {8}mode remote/);
    assert.match(text, /grace_start_wait 0;\ngrace_final_wait 1000;/);
    assert.doesNotMatch(text, /force_grace|auto_reload|query_latest/);
  });

  it('reads the form of 2015 for every program', () => {
    const text = 'vhost v { mode remote; origin 10.0.0.1:1935; gop_cache on; http_remux { enabled on; hstrs on; } }';
    for (const dialect of ['builtin', 'srs5'] as const) {
      const { vhost, warnings } = render(text, { ...stream, dialect, origins: null, upstream: 'origin' });
      assert.deepEqual(warnings, []);
      assert.deepEqual(vhost.block('cluster').strings('origin'), ['10.0.0.1:1935']);
      assert.equal(vhost.block('play').string('gop_cache', ''), 'on');
      assert.equal(vhost.block('http_remux').has('hstrs'), false);
    }
    const old = render(text, { ...stream, dialect: 'srs2', origins: null, upstream: 'origin' });
    assert.deepEqual(old.vhost.strings('origin'), ['10.0.0.1:1935']);
  });
});

describe('a pod alone', () => {
  const own = { ...stream, origins: null, upstream: 'origin' as const };

  it('pulls each vhost from the origins that the conf names for it', () => {
    const { view } = render('vhost a { cluster { origin x:1; } } vhost b { origin y:2 z:3; }', own);
    assert.deepEqual(
      view.blocks('vhost').map((vhost) => vhost.block('cluster').strings('origin')),
      [['x:1'], ['y:2', 'z:3']],
    );
    assert.deepEqual(confOrigins(parseConf('vhost a { } vhost b { origin y:2 z:3; }', 'a')), ['y:2', 'z:3']);
    assert.deepEqual(confOrigins([]), []);
  });

  it('refuses a vhost without an origin, with file and line', () => {
    assert.throws(
      () => render('listen 1;\nvhost a { }', own),
      (error: unknown) => error instanceof ConfError && /^user\.conf:2: vhost a names no origin/.test(error.message),
    );
  });

  it('refuses an include that nobody followed', () => {
    assert.throws(() => render('include x.conf;'), ConfError);
  });
});

describe('a conf for SRS 2, which has the contents of play in the vhost', () => {
  it('gets nothing from play that would be something else there', () => {
    const user = parseConf('vhost __defaultVhost__ { play { forward 10.0.0.1; gop_cache off; } }', 'f');
    const { conf, warnings } = renderEdgeConf(user, { ...stream, dialect: 'srs2' });
    const [vhost] = new ConfView(conf).blocks('vhost');
    assert.deepEqual([vhost?.has('forward'), vhost?.string('gop_cache', '')], [false, 'off']);
    assert.match(warnings.join(), /play\.forward is not known to SRS 2/);
  });
});

describe('any conf', () => {
  it('renders to one that listens on loopback only, pulls, and renders to the same again', () => {
    const name = fc.constantFrom(
      ...['listen', 'http_api', 'http_server', 'vhost', 'play', 'publish', 'cluster', 'mode', 'origin', 'enabled'],
      ...['hls', 'refer', 'mr', 'security', 'http_remux', 'exporter', 'rtc_server', 'forward', 'x'],
    );
    const word = fc.constantFrom('on', 'off', 'remote', 'local', '0.0.0.0:1', '1935', 'a.com', '__defaultVhost__');
    const tree = fc.letrec<{ list: Directive[]; item: Directive }>((tie) => ({
      list: fc.array(tie('item'), { maxLength: 4, size: 'small' }),
      item: fc
        .record({ name, args: fc.array(word, { maxLength: 2 }), block: fc.option(tie('list'), { maxDepth: 4 }) })
        .map(({ name: n, args, block }) => ({ name: n, args, file: 'f', line: 1, ...(block ? { block } : {}) })),
    })).list;
    const edges = fc.constantFrom(stream, backSource);
    const dialects = fc.constantFrom('builtin' as const, 'srs5' as const, 'srs2' as const);
    fc.assert(
      fc.property(tree, edges, dialects, (user, edge, dialect) => {
        const { conf } = renderEdgeConf(user, { ...edge, dialect });
        const view = new ConfView(parseConf(printConf(conf), 'out.conf'));
        const listens = [
          ...view.strings('listen'),
          ...view.block('http_api').strings('listen'),
          ...view.block('http_server').strings('listen'),
        ];
        for (const listen of listens) assert.equal(parseListen(listen)?.address, '127.0.0.1');
        assert.equal(view.directives.filter((item) => item.name === 'listen').length, 1);
        for (const vhost of view.blocks('vhost')) {
          const cluster = dialect === 'srs2' ? vhost : vhost.block('cluster');
          assert.deepEqual(cluster.strings('mode'), ['remote']);
          assert.deepEqual(cluster.strings('origin'), edge.origins);
        }
        const again = renderEdgeConf(conf, { ...edge, dialect });
        assert.equal(again.warnings.length, 0);
      }),
    );
  });
});

describe('the confs that come with dolphin', () => {
  const load = (name: string) => parseConf(readFileSync(fromRoot('conf', name), 'utf8'), name);

  it('render for every role and dialect without a warning', () => {
    for (const edge of [stream, backSource]) {
      for (const dialect of ['builtin', 'srs5', 'srs4', 'srs3'] as const) {
        assert.deepEqual(renderEdgeConf(load('dolphin.conf'), { ...edge, dialect }).warnings, []);
      }
    }
    assert.equal(admittedClients(load('dolphin.conf')), 4000);
    assert.deepEqual(confOrigins(load('dolphin.conf')), ['127.0.0.1:1935']);
  });

  it('make an origin that listens on loopback', () => {
    const view = new ConfView(load('origin.conf'));
    assert.deepEqual(view.strings('listen'), ['127.0.0.1:1935']);
    assert.equal(view.block('http_api').string('listen', ''), '127.0.0.1:1985');
    assert.equal(view.block('http_server').string('listen', ''), '127.0.0.1:18080');
    assert.equal(view.block('vhost').has('cluster'), false);
  });
});
