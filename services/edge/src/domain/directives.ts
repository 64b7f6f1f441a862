import { ConfError, type Directive, findDirective } from '@dolphin/srs/conf.js';

/** Something in a conf that is not obeyed, and does no harm. */
export interface Warning {
  readonly file: string;
  readonly line: number;
  readonly why: string;
}

/** Obeyed, or without a meaning here: the log tank is stderr, there is no daemon mode, workers are not threads. */
const ROOT = new Set([
  ...['listen', 'max_connections', 'pid', 'chunk_size', 'server_id', 'work_dir', 'http_api', 'http_server', 'vhost'],
  ...['daemon', 'srs_log_tank', 'srs_log_level', 'srs_log_level_v2', 'srs_log_file', 'ff_log_dir', 'ff_log_level'],
  ...['grace_start_wait', 'grace_final_wait', 'force_grace_quit', 'asprocess', 'utc_time', 'pithy_print_ms', 'stats'],
  ...['empty_ip_ok', 'disable_daemon_for_docker', 'inotify_auto_reload', 'auto_reload_for_docker', 'threads'],
  ...['query_latest_version', 'first_wait_for_qlv', 'in_docker', 'is_full', 'tcmalloc_release_rate', 'pithy_print'],
  ...['circuit_breaker', 'include'],
]);
const VHOST = new Set([
  ...['enabled', 'chunk_size', 'min_latency', 'play', 'publish', 'cluster', 'http_remux', 'tcp_nodelay'],
  ...['in_ack_size', 'out_ack_size', 'mode', 'origin', 'token_traverse', 'debug_srs_upnode', 'gop_cache'],
  ...['queue_length', 'mw_latency', 'time_jitter', 'publish_1stpkt_timeout', 'publish_normal_timeout', 'mr', 'vhost'],
  ...['gop_cache_max_frames', 'security', 'http_hooks', 'refer', 'refer_play', 'refer_publish', 'dvr', 'hls'],
]);
const PLAY = new Set([
  ...['gop_cache', 'gop_cache_max_frames', 'queue_length', 'mw_latency', 'time_jitter', 'min_latency', 'mw_msgs'],
  ...['send_min_interval', 'reduce_sequence_header', 'mix_correct', 'atc', 'atc_auto'],
]);
const PUBLISH = new Set(['firstpkt_timeout', 'normal_timeout', 'mr', 'mr_latency', 'parse_sps', 'try_annexb_first']);
const CLUSTER = new Set(['mode', 'origin', 'token_traverse', 'vhost', 'debug_srs_upnode', 'protocol']);
// Of them hstrs is always on since SRS 3, and fast_cache is for streams of AAC and MP3 alone.
const HTTP_REMUX = new Set([
  ...['enabled', 'mount', 'hstrs', 'fast_cache', 'drop_if_not_match', 'has_audio', 'has_video', 'guess_has_av'],
]);
const DVR = new Set([
  ...['enabled', 'dvr_path', 'dvr_plan', 'dvr_duration', 'dvr_wait_keyframe', 'time_jitter', 'dvr_apply'],
]);
/** Obeyed, or about files and codecs that are as they come: segments are in memory, under SRS's default names. */
const HLS = new Set([
  ...['enabled', 'hls_fragment', 'hls_td_ratio', 'hls_aof_ratio', 'hls_window', 'hls_wait_keyframe', 'hls_dispose'],
  ...['hls_ctx', 'hls_ts_ctx', 'hls_entry_prefix', 'hls_path', 'hls_cleanup', 'hls_nb_notify', 'hls_on_error'],
  ...['hls_acodec', 'hls_vcodec', 'hls_ts_floor', 'hls_dts_directly', 'hls_keys', 'hls_fragments_per_key'],
  ...['hls_key_file', 'hls_key_file_path', 'hls_key_url', 'hls_m3u8_file', 'hls_ts_file'],
]);
/** Known, and obeyed as far as they say this: SRS's defaults, of which nothing else is there. */
const ALWAYS: Readonly<Record<string, string>> = {
  asprocess: 'off',
  inotify_auto_reload: 'off',
  atc: 'off',
  atc_auto: 'off',
  mix_correct: 'off',
  reduce_sequence_header: 'off',
  send_min_interval: '0',
  protocol: 'rtmp',
  hls_m3u8_file: '[app]/[stream].m3u8',
  hls_ts_file: '[app]/[stream]-[seq].ts',
};
const HTTP_SERVER = new Set(['enabled', 'listen', 'dir', 'crossdomain']);
const HTTP_API = new Set(['enabled', 'listen', 'crossdomain', 'raw_api', 'auth']);

/**
 * Throws ConfError for a directive that restricts access and is not obeyed here: to leave it out would open what
 * somebody closed. Others that are not obeyed come back as warnings.
 */
export function checkDirectives(directives: readonly Directive[]): Warning[] {
  const warnings: Warning[] = [];
  warnUnknown(directives, ROOT, '', warnings);
  for (const root of directives) {
    if (root.name === 'http_server') warnUnknown(root.block ?? [], HTTP_SERVER, 'http_server: ', warnings);
    if (root.name === 'http_api') {
      refuseIfEnabled(findDirective(root.block, 'auth'));
      warnUnknown(root.block ?? [], HTTP_API, 'http_api: ', warnings);
    }
    if (root.name === 'vhost') checkVhost(root, warnings);
  }
  return warnings;
}

function checkVhost(vhost: Directive, warnings: Warning[]): void {
  const block = vhost.block ?? [];
  const where = `vhost ${vhost.args[0] ?? ''}: `;
  for (const item of block) {
    switch (item.name) {
      case 'cluster':
        warnUnknown(item.block ?? [], CLUSTER, `${where}cluster: `, warnings);
        break;
      case 'play':
        warnUnknown(item.block ?? [], PLAY, `${where}play: `, warnings);
        break;
      case 'publish':
        warnUnknown(item.block ?? [], PUBLISH, `${where}publish: `, warnings);
        break;
      case 'hls':
        checkHls(item, where, warnings);
        break;
      case 'http_remux':
        warnUnknown(item.block ?? [], HTTP_REMUX, `${where}http_remux: `, warnings);
        break;
      case 'dvr':
        warnUnknown(item.block ?? [], DVR, `${where}dvr: `, warnings);
        warnOfPulled(item, block, where, warnings);
        break;
      default:
        break;
    }
  }
  warnUnknown(block, VHOST, where, warnings);
}

/** What is pulled is recorded by its origin. */
function warnOfPulled(dvr: Directive, vhost: readonly Directive[], where: string, warnings: Warning[]): void {
  const mode = findDirective(findDirective(vhost, 'cluster')?.block, 'mode') ?? findDirective(vhost, 'mode');
  if (mode?.args[0] !== 'remote' || findDirective(dvr.block, 'enabled')?.args[0] !== 'on') return;
  warnings.push({ file: dvr.file, line: dvr.line, why: `${where}dvr has no effect on an edge: its origin records` });
}

function checkHls(hls: Directive, where: string, warnings: Warning[]): void {
  if (findDirective(hls.block, 'enabled')?.args[0] !== 'on') return;
  for (const item of hls.block ?? []) {
    // To serve in the clear what somebody wants encrypted would open it.
    if (item.name === 'hls_keys') refuseIfOn(item);
  }
  warnUnknown(hls.block ?? [], HLS, `${where}hls: `, warnings);
}

function warnUnknown(list: readonly Directive[], known: ReadonlySet<string>, where: string, warnings: Warning[]): void {
  for (const { name, file, line, block, args } of list) {
    const always = known.has(name) ? ALWAYS[name] : undefined;
    if (always !== undefined && !isWord(args[0], always)) {
      warnings.push({ file, line, why: `${where}${name} is always ${always} here` });
    }
    if (known.has(name)) continue;
    // A feature that is there but switched off needs no word.
    const enabled = findDirective(block, 'enabled')?.args[0];
    if (block !== undefined && enabled !== 'on') continue;
    warnings.push({ file, line, why: `${where}${name} has no effect here` });
  }
}

/** As SRS reads it: what is there without a word is as if it were not there, and 0.0 is 0. */
function isWord(word: string | undefined, wanted: string): boolean {
  return word === undefined || word === wanted || (wanted === '0' && Number(word) === 0);
}

function refuseIfEnabled(item: Directive | undefined): void {
  // SRS takes every word but `on` for off; a restriction that somebody misspelt is still one that he wants.
  const enabled = findDirective(item?.block, 'enabled')?.args[0];
  if (item !== undefined && enabled !== undefined && enabled !== 'off') refuse(item);
}

function refuseIfOn(item: Directive | undefined): void {
  if (item !== undefined && item.args[0] !== 'off') refuse(item);
}

function refuse({ file, line, name }: Directive): never {
  throw new ConfError(file, line, `${name} restricts access and is not there yet: take it out, or switch it off`);
}
