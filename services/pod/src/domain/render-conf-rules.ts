/** What of a user's conf an edge keeps, by name. In the form of SRS 3 and later; render-conf.ts applies it. */

/** Replaced by what dolphin renders, without a word: every conf has some of them. */
export const MANAGED_ROOT: ReadonlySet<string> = new Set([
  'listen',
  'daemon',
  'pid',
  'work_dir',
  'srs_log_tank',
  'srs_log_file',
  'max_connections',
  'server_id',
  'asprocess',
  'http_api',
  'http_server',
  'grace_start_wait',
  'grace_final_wait',
  'force_grace_quit',
  'disable_daemon_for_docker',
  // A conf that is read again when the file changes would race with the pod's reload.
  'inotify_auto_reload',
  'auto_reload_for_docker',
  // Each edge would ask the vendor's server at each start.
  'query_latest_version',
  'first_wait_for_qlv',
]);

/**
 * Work that belongs to an origin, or to one process of a host: on an edge each pull would start it (SRS's
 * SrsEdgeIngester::start publishes into its own source), or every edge would want the same port.
 */
export const FORBIDDEN_ROOT: ReadonlySet<string> = new Set([
  'heartbeat',
  'stream_caster',
  'rtc_server',
  'srt_server',
  'exporter',
]);

/** Of these an http edge has `hls`: that is what it is for. */
export const FORBIDDEN_VHOST: ReadonlySet<string> = new Set([
  'dvr',
  'hls',
  'hds',
  'dash',
  'forward',
  'transcode',
  'exec',
  'ingest',
  'rtc',
  'srt',
]);

/** Rendered from scratch in each vhost. */
export const MANAGED_VHOST: ReadonlySet<string> = new Set(['cluster', 'play', 'publish', 'http_remux', 'min_latency']);

/** For viewers only: a back source has none, its clients are the host's other edges. */
export const VIEWERS_ONLY_VHOST: ReadonlySet<string> = new Set([
  'security',
  'http_hooks',
  'refer',
  'http_static',
  'bandcheck',
]);

/** What of `play` and `publish` a back source keeps; the rest merges or corrects, which only the last hop does. */
export const BACK_SOURCE_PLAY: ReadonlySet<string> = new Set([
  'gop_cache',
  'gop_cache_max_frames',
  'queue_length',
  'atc',
  'reduce_sequence_header',
]);
export const BACK_SOURCE_PUBLISH: ReadonlySet<string> = new Set([
  'firstpkt_timeout',
  'normal_timeout',
  'parse_sps',
  'try_annexb_first',
]);
