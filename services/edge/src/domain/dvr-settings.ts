import type { ConfView } from '@dolphin/srs/conf.js';
import type { StreamKey } from './stream-key.js';

/** How the streams that are published in a vhost are recorded: `dvr { }`. */
export interface DvrSettings {
  /** Template of a recording's path, see dvr-path.ts. It ends with .flv. */
  readonly path: string;
  /** session: a file for each publish. segment: another one after `durationMs`. */
  readonly plan: 'session' | 'segment';
  readonly durationMs: number;
  /** Video begins with a key frame, and a segment ends before one. */
  readonly waitKeyFrame: boolean;
  /** Times in a file begin with 0; otherwise they are the stream's. */
  readonly zeroBased: boolean;
  /** `app/stream` of those that are recorded; null: all. */
  readonly apply: readonly string[] | null;
}

/** SRS: SRS_CONF_DEFAULT_DVR_*. */
const DEFAULTS = { path: './objs/nginx/html/[app]/[stream].[timestamp].flv', seconds: 30 } as const;
/** What SRS makes of a path that names a directory. */
const FILE_IN_DIRECTORY = '/[stream].[timestamp].flv';

/** Null: nothing is recorded. Throws ConfError. */
export function readDvr(dvr: ConfView): DvrSettings | null {
  if (!dvr.onOff('enabled', false)) return null;
  const path = dvr.string('dvr_path', DEFAULTS.path);
  // Not a warning: who switches recording on relies on it.
  if (path.endsWith('.mp4'))
    throw dvr.error('dvr_path', 'recordings are FLV: a path that ends with .mp4 is not there yet');
  const names = dvr.strings('dvr_apply');
  return {
    path: path.endsWith('.flv') ? path : `${path}${FILE_IN_DIRECTORY}`,
    plan: dvr.choice('dvr_plan', ['session', 'segment'], 'session'),
    durationMs: dvr.number('dvr_duration', DEFAULTS.seconds, { min: 1 }) * 1000,
    waitKeyFrame: dvr.onOff('dvr_wait_keyframe', true),
    zeroBased: dvr.choice('time_jitter', ['full', 'zero', 'off'], 'full') !== 'off',
    apply: names.length === 0 || (names.length === 1 && names[0] === 'all') ? null : names,
  };
}

export function isRecorded({ apply }: DvrSettings, { app, stream }: StreamKey): boolean {
  return apply === null || apply.includes(`${app}/${stream}`);
}
