import { type Directive, directive, findDirective } from '@dolphin/srs';

/** Which program reads the conf. `builtin` reads the form of SRS 5; later versions read what 5 reads. */
export type ConfDialect = 'builtin' | 'srs2' | 'srs3' | 'srs4' | 'srs5';

/**
 * The first major version that knows a directive; what is not here, 2.0 knows or nobody does. From check_config of
 * 2.0.276, 3.0-r8, 4.0-r5 and 5.0.216, which refuse an unknown directive with exit 255.
 */
const SINCE: Readonly<Record<string, number>> = {
  grace_start_wait: 3,
  grace_final_wait: 3,
  force_grace_quit: 3,
  auto_reload_for_docker: 3,
  empty_ip_ok: 3,
  ff_log_level: 3,
  'http_api.raw_api': 3,
  'http_server.crossdomain': 3,
  'vhost.in_ack_size': 3,
  'vhost.out_ack_size': 3,
  server_id: 4,
  query_latest_version: 4,
  tcmalloc_release_rate: 4,
  circuit_breaker: 4,
  is_full: 4,
  in_docker: 4,
  'vhost.play.mw_msgs': 4,
  threads: 5,
  srs_log_level_v2: 5,
  tencentcloud_cls: 5,
  tencentcloud_apm: 5,
  'stats.enabled': 5,
  'vhost.play.gop_cache_max_frames': 5,
  'vhost.publish.try_annexb_first': 5,
  'vhost.http_remux.drop_if_not_match': 5,
  'vhost.http_remux.has_audio': 5,
  'vhost.http_remux.has_video': 5,
  'vhost.http_remux.guess_has_av': 5,
};

/** What of `play` SRS 2 knows, in the vhost itself. Anything else would become a directive of the vhost there, as `forward`. */
const PLAY_OF_2: ReadonlySet<string> = new Set([
  'gop_cache',
  'queue_length',
  'mw_latency',
  'time_jitter',
  'mix_correct',
  'atc',
  'atc_auto',
  'send_min_interval',
  'reduce_sequence_header',
]);

type Warn = (at: Directive, why: string) => void;

/** A conf in the form of SRS 3 and later, as `dialect` reads it. Lines that it does not know are left out, with a warning. */
export function inDialect(conf: readonly Directive[], dialect: ConfDialect, warn: Warn) {
  if (dialect === 'builtin') return [...conf];
  const major = Number(dialect.slice(3));
  const known = (list: readonly Directive[], path: string): Directive[] =>
    list
      .filter((item) => {
        const since = SINCE[path + item.name];
        if (since === undefined || since <= major) return true;
        // What dolphin rendered itself (line 0) is no news to the user.
        if (item.line > 0) warn(item, `${item.name} is not known to SRS ${major}: dropped`);
        return false;
      })
      .map((item) => (item.block === undefined ? item : { ...item, block: known(item.block, `${path}${item.name}.`) }));
  const conforming = known(conf, '');
  return major > 2 ? conforming : conforming.map((item) => (item.name === 'vhost' ? vhostOf2(item, warn) : item));
}

/** SRS 2 has the contents of cluster and play in the vhost itself, and other names for what publish and refer hold. */
function vhostOf2(vhost: Directive, warn: Warn): Directive {
  const out: Directive[] = [];
  for (const item of vhost.block ?? []) {
    const block = item.block ?? [];
    if (item.name === 'cluster') out.push(...block);
    else if (item.name === 'play') out.push(...playOf2(block, warn));
    else if (item.name === 'publish') out.push(...publishOf2(block));
    else if (item.name === 'refer') out.push(...referOf2(block));
    // Without hstrs an HTTP-FLV player that comes first would not make the edge pull.
    else if (item.name === 'http_remux') out.push({ ...item, block: [...block, directive('hstrs', ['on'])] });
    else out.push(item);
  }
  return { ...vhost, block: out };
}

function playOf2(play: readonly Directive[], warn: Warn): Directive[] {
  return play.filter((item) => {
    if (PLAY_OF_2.has(item.name)) return true;
    if (item.line > 0) warn(item, `play.${item.name} is not known to SRS 2: dropped`);
    return false;
  });
}

function publishOf2(publish: readonly Directive[]): Directive[] {
  const out: Directive[] = [];
  const mr: Directive[] = [];
  const rest: Directive[] = [];
  for (const item of publish) {
    if (item.name === 'mr') mr.push({ ...item, name: 'enabled' });
    else if (item.name === 'mr_latency') mr.push({ ...item, name: 'latency' });
    else if (item.name === 'firstpkt_timeout') out.push({ ...item, name: 'publish_1stpkt_timeout' });
    else if (item.name === 'normal_timeout') out.push({ ...item, name: 'publish_normal_timeout' });
    else rest.push(item);
  }
  if (mr.length > 0) out.push(directive('mr', [], mr));
  if (rest.length > 0) out.push(directive('publish', [], rest));
  return out;
}

function referOf2(refer: readonly Directive[]): Directive[] {
  if (findDirective(refer, 'enabled')?.args[0] !== 'on') return [];
  const names: Readonly<Record<string, string>> = { all: 'refer', play: 'refer_play', publish: 'refer_publish' };
  return refer.flatMap((item) => {
    const name = names[item.name];
    return name === undefined ? [] : [{ ...item, name }];
  });
}
