import { MEDIA_CHUNK_SIZE, type TimeJitter } from '@dolphin/media';
import { ConfView, type Directive, parseListen } from '@dolphin/srs/conf.js';
import { checkDirectives, type Warning } from './directives.js';

/** What a server listens on; address '' stands for all of them. */
export interface ListenAt {
  readonly address: string;
  readonly port: number;
}

export interface Origin {
  readonly host: string;
  readonly port: number;
}

export interface VhostSettings {
  readonly name: string;
  readonly enabled: boolean;
  /** Remote: it pulls from, and publishes to, these. Null: it is the origin. */
  readonly origins: readonly Origin[] | null;
  /** `[vhost]` in it stands for the vhost's own name. */
  readonly upstreamVhost: string;
  readonly gopCache: boolean;
  readonly gopCacheMaxFrames: number;
  /** A player may lag that far, and make no progress for that long. */
  readonly queueMs: number;
  /** A slab collects that long; 0: what one read brought goes out at once. */
  readonly mergeMs: number;
  readonly timeJitter: TimeJitter;
  readonly firstPacketMs: number;
  readonly packetMs: number;
  /** Template of http_remux's mount; null: no HTTP-FLV. */
  readonly flvMount: string | null;
}

export interface EdgeSettings {
  readonly rtmp: readonly ListenAt[];
  readonly http: ListenAt | null;
  readonly api: ListenAt | null;
  readonly httpCrossDomain: boolean;
  readonly rawApi: boolean;
  readonly maxConnections: number;
  /** Announced at connect, before a client names its stream: so one for all. */
  readonly chunkSize: number;
  /** Null: one is made at start. */
  readonly serverId: string | null;
  readonly pidFile: string | null;
  readonly workDir: string | null;
  readonly vhosts: ReadonlyMap<string, VhostSettings>;
}

/** SRS: SRS_CONF_DEFAULT_*. */
const DEFAULTS = {
  maxConnections: 1000,
  apiListen: '1985',
  httpListen: '8080',
  gopMaxFrames: 2500,
  queueSeconds: 30,
  mergeMs: 350,
  firstPacketMs: 20_000,
  packetMs: 5_000,
  mount: '[vhost]/[app]/[stream].flv',
} as const;
const MAX_CHUNK_SIZE = 65_536;
const DEFAULT_RTMP_PORT = 1935;

/**
 * What a conf says, in the form of SRS 5 (`cluster { }`, `play { }`) or of 2015 (`mode remote; origin …;` in the
 * vhost itself). Throws ConfError, with file and line, for what is wrong and for what restricts access and is not
 * there.
 */
export function readSettings(directives: readonly Directive[]): { settings: EdgeSettings; warnings: Warning[] } {
  const warnings = checkDirectives(directives);
  const root = new ConfView(directives);
  const vhosts = new Map<string, VhostSettings>();
  for (const view of root.blocks('vhost')) {
    const name = view.owner?.args[0];
    if (name === undefined) throw view.error('vhost', 'a vhost without a name');
    if (vhosts.has(name)) throw view.error('vhost', `vhost ${name} is there twice`);
    vhosts.set(name, readVhost(name, view));
  }
  if (vhosts.size === 0) warnings.push({ file: '', line: 0, why: 'no vhost: every client will be refused' });
  const http = root.block('http_server');
  const api = root.block('http_api');
  if (http.onOff('enabled', false) && api.onOff('enabled', false) && sharePort(http, api)) {
    throw api.error('listen', 'http_api and http_server on one port is not there yet: give each its own');
  }
  const settings: EdgeSettings = {
    rtmp: listensOf(root),
    http: http.onOff('enabled', false) ? listenOf(http, DEFAULTS.httpListen) : null,
    api: api.onOff('enabled', false) ? listenOf(api, DEFAULTS.apiListen) : null,
    httpCrossDomain: http.onOff('crossdomain', true),
    rawApi: api.block('raw_api').onOff('enabled', false),
    maxConnections: root.int('max_connections', DEFAULTS.maxConnections, { min: 1, max: 1_000_000 }),
    chunkSize: readChunkSize(root, warnings),
    serverId: root.string('server_id', '') || null,
    pidFile: root.string('pid', '') || null,
    workDir: root.string('work_dir', '') || null,
    vhosts,
  };
  return { settings, warnings };
}

function sharePort(http: ConfView, api: ConfView): boolean {
  return listenOf(http, DEFAULTS.httpListen).port === listenOf(api, DEFAULTS.apiListen).port;
}

function readVhost(name: string, vhost: ConfView): VhostSettings {
  const play = either(vhost, 'play');
  const cluster = either(vhost, 'cluster');
  const publish = vhost.block('publish');
  const minLatency = play('min_latency').onOff('min_latency', false) || vhost.onOff('min_latency', false);
  const merge = play('mw_latency');
  const remux = vhost.block('http_remux');
  return {
    name,
    enabled: vhost.onOff('enabled', true),
    origins: readOrigins(cluster),
    upstreamVhost: cluster('vhost').string('vhost', '[vhost]').replaceAll('[vhost]', name),
    gopCache: play('gop_cache').onOff('gop_cache', true),
    gopCacheMaxFrames: play('gop_cache_max_frames').int('gop_cache_max_frames', DEFAULTS.gopMaxFrames, { min: 0 }),
    queueMs: play('queue_length').number('queue_length', DEFAULTS.queueSeconds, { min: 1, max: 3600 }) * 1000,
    mergeMs: minLatency && !merge.has('mw_latency') ? 0 : merge.int('mw_latency', DEFAULTS.mergeMs, { max: 10_000 }),
    timeJitter: play('time_jitter').choice('time_jitter', ['full', 'zero', 'off'], 'full'),
    firstPacketMs: vhost.has('publish_1stpkt_timeout')
      ? vhost.int('publish_1stpkt_timeout', DEFAULTS.firstPacketMs, { min: 1 })
      : publish.int('firstpkt_timeout', DEFAULTS.firstPacketMs, { min: 1 }),
    packetMs: vhost.has('publish_normal_timeout')
      ? vhost.int('publish_normal_timeout', DEFAULTS.packetMs, { min: 1 })
      : publish.int('normal_timeout', DEFAULTS.packetMs, { min: 1 }),
    flvMount: remux.onOff('enabled', false) ? mountOf(remux) : null,
  };
}

/** The block that a directive stands in: the form of 5.0 has it in a block of its own, that of 2015 in the vhost. */
function either(vhost: ConfView, block: string): (name: string) => ConfView {
  const inner = vhost.block(block);
  return (name) => (!inner.has(name) && vhost.has(name) ? vhost : inner);
}

function readOrigins(cluster: (name: string) => ConfView): readonly Origin[] | null {
  const mode = cluster('mode').choice('mode', ['local', 'remote'], 'local');
  if (mode === 'local') return null;
  const view = cluster('origin');
  const origins = view.strings('origin').map((text) => {
    const origin = parseOrigin(text);
    if (origin === null) throw view.error('origin', `origin is host[:port], not ${text}`);
    return origin;
  });
  if (origins.length === 0) throw cluster('mode').error('mode', 'mode remote wants an origin');
  return origins;
}

function parseOrigin(text: string): Origin | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/]+))(?::(\d{1,5}))?$/.exec(text);
  const port = match?.[3] === undefined ? DEFAULT_RTMP_PORT : Number(match[3]);
  const host = match?.[1] ?? match?.[2];
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : null;
}

/** That of the default vhost, or of the root. */
function readChunkSize(root: ConfView, warnings: Warning[]): number {
  const read = (view: ConfView, fallback: number) =>
    view.int('chunk_size', fallback, { min: 128, max: MAX_CHUNK_SIZE });
  const vhosts = root.blocks('vhost');
  const common = read(root, MEDIA_CHUNK_SIZE);
  const main = vhosts.find((vhost) => vhost.owner?.args[0] === '__defaultVhost__');
  const chosen = main === undefined ? common : read(main, common);
  for (const vhost of vhosts) {
    const { file = '', line = 0 } = vhost.find('chunk_size') ?? {};
    if (read(vhost, chosen) !== chosen) warnings.push({ file, line, why: `one chunk_size for all is used: ${chosen}` });
  }
  return chosen;
}

function mountOf(remux: ConfView): string {
  const mount = remux.string('mount', DEFAULTS.mount);
  const isTemplate = /^[^[\]]*(\[vhost\])?[^[\]]*(\[app\])?[^[\]]*\[stream\][^[\]]*\.flv$/.test(mount);
  if (!isTemplate) {
    throw remux.error('mount', `mount is a template such as ${DEFAULTS.mount}, not ${mount}`);
  }
  return mount;
}

function listensOf(root: ConfView): ListenAt[] {
  const texts = root.strings('listen');
  if (texts.length === 0) throw root.error('listen', 'listen is missing: on which port are RTMP clients expected?');
  return texts.map((text) => toListen(root, text));
}

function listenOf(view: ConfView, fallback: string): ListenAt {
  return toListen(view, view.string('listen', fallback));
}

function toListen(view: ConfView, text: string): ListenAt {
  const at = parseListen(text);
  if (at === null) throw view.error('listen', `listen is [address:]port, not ${text}`);
  return at;
}
