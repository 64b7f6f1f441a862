import type { TimeJitter } from '@dolphin/media';
import type { ConfView } from '@dolphin/srs/conf.js';
import { type AccessSettings, readAccess } from './access-settings.js';
import { type DvrSettings, readDvr } from './dvr-settings.js';
import { type FlvTrackRule, GUESS_TRACKS } from './flv-tracks.js';
import { isGathered } from './gathered-reads.js';
import { type HlsSettings, readHls } from './hls-settings.js';

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
  /** A publisher's media may wait for so long to be read; 0: not at all. */
  readonly gatherMs: number;
  readonly timeJitter: TimeJitter;
  readonly firstPacketMs: number;
  readonly packetMs: number;
  /** Template of http_remux's mount; null: no HTTP-FLV. */
  readonly flvMount: string | null;
  /** Null: everybody may come in. */
  readonly access: AccessSettings | null;
  /** Null: no HLS. */
  readonly hls: HlsSettings | null;
  readonly flvTracks: FlvTrackRule;
  /** Null: nothing is recorded. */
  readonly dvr: DvrSettings | null;
}

/** SRS: SRS_CONF_DEFAULT_*. */
const DEFAULTS = {
  gopMaxFrames: 2500,
  queueSeconds: 30,
  mergeMs: 350,
  firstPacketMs: 20_000,
  packetMs: 5_000,
  mount: '[vhost]/[app]/[stream].flv',
} as const;
const DEFAULT_RTMP_PORT = 1935;
/** A mistake in a unit shows here, not as a stream that never moves. */
const MAX_LATENCY_MS = 10_000;

/** What a vhost's block says, in either form. Throws ConfError. */
export function readVhost(name: string, vhost: ConfView): VhostSettings {
  const play = either(vhost, 'play');
  const cluster = either(vhost, 'cluster');
  const publish = vhost.block('publish');
  const minLatency = play('min_latency').onOff('min_latency', false) || vhost.onOff('min_latency', false);
  const merge = play('mw_latency');
  const remux = vhost.block('http_remux');
  const mergeMs =
    minLatency && !merge.has('mw_latency') ? 0 : merge.int('mw_latency', DEFAULTS.mergeMs, { max: MAX_LATENCY_MS });
  const packetMs = vhost.has('publish_normal_timeout')
    ? vhost.int('publish_normal_timeout', DEFAULTS.packetMs, { min: 1 })
    : publish.int('normal_timeout', DEFAULTS.packetMs, { min: 1 });
  const origins = readOrigins(cluster);
  const access = readAccess(vhost, cluster('token_traverse'), origins !== null);
  return {
    name,
    enabled: vhost.onOff('enabled', true),
    origins,
    upstreamVhost: cluster('vhost').string('vhost', '[vhost]').replaceAll('[vhost]', name),
    gopCache: play('gop_cache').onOff('gop_cache', true),
    gopCacheMaxFrames: play('gop_cache_max_frames').int('gop_cache_max_frames', DEFAULTS.gopMaxFrames, { min: 0 }),
    queueMs: play('queue_length').number('queue_length', DEFAULTS.queueSeconds, { min: 1, max: 3600 }) * 1000,
    mergeMs,
    gatherMs: minLatency ? 0 : readGather(vhost, mergeMs, packetMs),
    timeJitter: play('time_jitter').choice('time_jitter', ['full', 'zero', 'off'], 'full'),
    firstPacketMs: vhost.has('publish_1stpkt_timeout')
      ? vhost.int('publish_1stpkt_timeout', DEFAULTS.firstPacketMs, { min: 1 })
      : publish.int('firstpkt_timeout', DEFAULTS.firstPacketMs, { min: 1 }),
    packetMs,
    flvMount: remux.onOff('enabled', false) ? mountOf(remux) : null,
    access,
    hls: readHls(vhost.block('hls'), access !== null),
    flvTracks: {
      guess: remux.onOff('guess_has_av', GUESS_TRACKS.guess),
      audio: remux.onOff('has_audio', GUESS_TRACKS.audio),
      video: remux.onOff('has_video', GUESS_TRACKS.video),
      dropOthers: remux.onOff('drop_if_not_match', GUESS_TRACKS.dropOthers),
    },
    dvr: readDvr(vhost.block('dvr')),
  };
}

/**
 * SRS's merged read, which is off there unless it is asked for. Here it is on unless it is refused, for as long as what is read
 * would wait for its slab anyway: no player sees it. One that waits must not pass for one that says nothing.
 */
function readGather(vhost: ConfView, mergeMs: number, packetMs: number): number {
  const old = vhost.block('mr');
  const publish = vhost.block('publish');
  const isOld = !publish.has('mr') && !publish.has('mr_latency') && vhost.has('mr');
  const isOn = isOld ? old.onOff('enabled', false) : publish.onOff('mr', true);
  const waitMs = isOld
    ? old.int('latency', mergeMs, { max: MAX_LATENCY_MS })
    : publish.int('mr_latency', mergeMs, { max: MAX_LATENCY_MS });
  return isOn && isGathered(waitMs) && 2 * waitMs < packetMs ? waitMs : 0;
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

function mountOf(remux: ConfView): string {
  const mount = remux.string('mount', DEFAULTS.mount);
  const isTemplate = /^[^[\]]*(\[vhost\])?[^[\]]*(\[app\])?[^[\]]*\[stream\][^[\]]*\.flv$/.test(mount);
  if (!isTemplate) {
    throw remux.error('mount', `mount is a template such as ${DEFAULTS.mount}, not ${mount}`);
  }
  return mount;
}
