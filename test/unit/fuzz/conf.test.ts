import assert from 'node:assert/strict';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { ConfError, type Directive, parseConf, printConf } from '@dolphin/srs';
import { fuzz } from '../../support/fuzz.js';
import { below, pick, type Random } from '../../support/fuzz-mutate.js';

/** What stands in the root, and in a vhost: each directive that is read, in the words of SRS 5 and of 2015. */
const ROOT = [
  'listen 1935 127.0.0.1:1936 [::1]:1937;',
  'max_connections 1000; # c',
  'chunk_size 60000;',
  'daemon on;',
  'pid edge.pid; work_dir "./a b"; utc_time on; server_id x;',
  'srs_log_tank file; srs_log_file edge.log; srs_log_level trace;',
  'srs_log_level_v2 nothing;',
  "http_api { enabled on; listen '1985'; crossdomain off; raw_api { enabled on; allow_reload on; } }",
  'http_server { enabled on; listen 127.0.0.1:8080; dir ./html; }',
  'heartbeat { enabled off; } stats { network 0; }',
  'rtc_server { enabled on; }',
  'http_api { enabled on; listen 8080; } http_server { enabled on; listen 127.0.0.1:8080; }',
  'vhost { enabled on; }',
];
const VHOST = [
  'cluster { mode remote; origin 127.0.0.1:1935 "h:1" [::1]:1936; token_traverse on; vhost [vhost]; }',
  'mode remote; origin h; min_latency on; hstrs on;',
  'play { mw_latency 350; queue_length 30; gop_cache off; gop_cache_max_frames 100; time_jitter zero; atc off; }',
  'publish { firstpkt_timeout 20000; normal_timeout 5000; parse_sps on; }',
  'publish_1stpkt_timeout 1; publish_normal_timeout 2;',
  'http_remux { enabled on; mount [vhost]/[app]/[stream].flv; guess_has_av off; has_audio off; fast_cache 30; }',
  'security { enabled on; allow play all; deny publish 10.0.0.0/8; allow publish 192.0.2.7; seo on; }',
  'refer { enabled on; all example.org; play a.org b.org; publish c.org; }',
  'refer example.org; refer_play a.org;',
  'http_hooks { enabled on; on_connect http://127.0.0.1:1/c; on_play https://h/p?a=b; on_dvr http://h/; }',
  'http_hooks { enabled on; on_connect http://127.0.0.1:1/c; on_close http://[::1]/; on_publish http://h/p http://h/q; }',
  'security { enabled on; allow play; deny pull all; }',
  'hls { enabled on; hls_fragment 2; hls_window 30; hls_ctx off; hls_keys on; hls_entry_prefix http://c/; }',
  'hls { enabled on; hls_fragment 0.5; hls_td_ratio 1.5; hls_aof_ratio 2; hls_dispose 0; hls_wait_keyframe off; }',
  'dvr { enabled on; dvr_plan segment; dvr_path ./[app]/[stream].[timestamp].flv; dvr_duration 30; }',
  'dvr { enabled on; dvr_path /d; dvr_apply live/a live/b; dvr_wait_keyframe off; time_jitter off; }',
  'dvr { enabled on; dvr_path /d/x.mp4; }',
  'enabled on; chunk_size 4096; tcp_nodelay on; unheard_of { a { b c; } }',
];
const NAMES = ['__defaultVhost__', 'v', 'v', 'w.example.org'];

const some = (random: Random, from: readonly string[], most: number) =>
  Array.from({ length: below(random, most + 1) }, () => pick(random, from));

function conf(random: Random): Buffer {
  const vhosts = some(random, NAMES, 2).map((name) => `vhost ${name} { ${some(random, VHOST, 4).join('\n')} }`);
  return Buffer.from([random() < 0.9 ? 'listen 1;' : '', ...some(random, ROOT, 4), ...vhosts].join('\n'));
}

const withoutPlace = (list: readonly Directive[]): unknown =>
  list.map(({ name, args, block }) => ({ name, args, ...(block && { block: withoutPlace(block) }) }));

fuzz('a conf: ConfError or directives that are the same when they are printed, and settings of them', conf, (input) => {
  const passesOver = (read: () => void) => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof ConfError)) throw error;
    }
  };
  passesOver(() => {
    const read = parseConf(input.toString('utf8'), 'edge.conf');
    passesOver(() => void readSettings(read));
    // A word that needs both kinds of quotes cannot have been read.
    assert.deepEqual(withoutPlace(parseConf(printConf(read), 'again')), withoutPlace(read));
  });
});
