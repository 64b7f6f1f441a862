import type { ConfView } from '@dolphin/srs/conf.js';

/** How a vhost's streams are cut and offered over HLS. */
export interface HlsSettings {
  /** As the conf says it, for the API. */
  readonly fragmentMs: number;
  /** A segment lasts so long at least, and ends before the next key frame. */
  readonly targetMs: number;
  /** It ends at this length wherever it is: audio alone, or a GOP that is too long. */
  readonly longestMs: number;
  /** Media that a playlist has. */
  readonly windowMs: number;
  /** Off: segments end at `targetMs` without a key frame, too. */
  readonly waitsForKeyFrame: boolean;
  /** How long the segments of a stream that ended are kept. */
  readonly disposeMs: number;
  /** Viewers are sessions: each gets a token, by which its later requests are known. */
  readonly sessions: boolean;
  /** The token stands in the addresses of segments, too. */
  readonly segmentSessions: boolean;
  /** In front of the addresses of segments; '': they are relative. */
  readonly entryPrefix: string;
}

/** SRS: SrsConfig::get_hls_*. */
const DEFAULTS = { fragmentS: 10, tdRatio: 1, aofRatio: 2.1, windowS: 60, disposeS: 120 } as const;
/** SRS's 0 is for ever; here it is a week, and the limits of memory and count take them before. */
const NEVER_S = 7 * 24 * 3600;
/** Segments are numbered from the time in seconds on; made faster than that, a server started anew would fall behind. */
const MIN_TARGET_MS = 1000;

/**
 * What `hls { }` says; null: it is off. Throws ConfError, also where the vhost restricts who may come in and viewers are
 * no sessions: nobody could be asked then. `hls_keys` is refused by checkDirectives.
 */
export function readHls(hls: ConfView, isRestricted: boolean): HlsSettings | null {
  if (!hls.onOff('enabled', false)) return null;
  for (const name of isRestricted ? ['hls_ctx', 'hls_ts_ctx'] : []) {
    if (!hls.onOff(name, true)) throw hls.error(name, `${name} off leaves HLS open, which the vhost restricts`);
  }
  const fragmentMs = hls.number('hls_fragment', DEFAULTS.fragmentS, { min: 0.5, max: 120 }) * 1000;
  const ratio = hls.number('hls_td_ratio', DEFAULTS.tdRatio, { min: 0.1, max: 10 });
  const targetMs = Math.max(MIN_TARGET_MS, fragmentMs * ratio);
  const aofMs = fragmentMs * hls.number('hls_aof_ratio', DEFAULTS.aofRatio, { min: 0.1, max: 10 });
  return {
    fragmentMs,
    targetMs: Math.round(targetMs),
    longestMs: Math.round(Math.max(targetMs, aofMs)),
    windowMs: Math.round(hls.number('hls_window', DEFAULTS.windowS, { min: 1, max: 3600 }) * 1000),
    waitsForKeyFrame: hls.onOff('hls_wait_keyframe', true),
    disposeMs: (hls.int('hls_dispose', DEFAULTS.disposeS, { max: NEVER_S }) || NEVER_S) * 1000,
    sessions: hls.onOff('hls_ctx', true),
    segmentSessions: hls.onOff('hls_ts_ctx', true),
    entryPrefix: hls.string('hls_entry_prefix', ''),
  };
}
