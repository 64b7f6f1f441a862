import type { EdgeSettings } from './settings.js';
import { DEFAULT_VHOST, isStreamName, type StreamKey, vhostOfUrl } from './stream-key.js';
import type { VhostSettings } from './vhost-settings.js';

/** A stream that a URL means, with the settings of its vhost. */
export interface FlvStream {
  readonly key: StreamKey;
  readonly settings: VhostSettings;
}

/** The app of streams whose URL names none, where the mount has no [app]. */
const DEFAULT_APP = 'live';

/**
 * Which stream a URL means, by the templates of http_remux: `[vhost]/[app]/[stream].flv`. Null: no
 * stream's URL.
 *
 * As in SRS, a stream that is published here has its place for everybody, whatever vhost he names, if no vhost stands in
 * its mount, or if that is the default one. Where nothing is published, the URL means a stream of the vhost it names.
 */
export function streamOfUrl(
  settings: EdgeSettings,
  url: { host: string; path: string; query: string },
  isPublished: (key: StreamKey) => boolean,
): FlvStream | null {
  const named = vhostOfUrl(settings, url);
  const own = named === null ? null : streamAt(named, url.path);
  if (own !== null && isPublished(own.key)) return own;
  for (const vhost of settings.vhosts.values()) {
    if (!vhost.enabled || vhost.origins !== null || !standsForAll(vhost)) continue;
    const found = streamAt(vhost, url.path);
    if (found !== null && isPublished(found.key)) return found;
  }
  return own;
}

function standsForAll({ name, flvMount }: VhostSettings): boolean {
  return flvMount !== null && (name === DEFAULT_VHOST || !flvMount.includes('[vhost]'));
}

function streamAt(vhost: VhostSettings, path: string): FlvStream | null {
  const match = vhost.flvMount === null ? null : matchMount(vhost.flvMount, path);
  if (match === null || !isStreamName(match.app, match.stream)) return null;
  return { key: { vhost: vhost.name, app: match.app, stream: match.stream }, settings: vhost };
}

/** `[vhost]` in front stands for the Host header, by which the vhost was chosen: the path has no such part. */
function matchMount(template: string, path: string): { app: string; stream: string } | null {
  const parts = template.replace(/^\/?\[vhost\]/, '').split(/(\[app\]|\[stream\])/);
  const pattern = parts.map((part) => PLACEHOLDERS[part] ?? escapeRegExp(part)).join('');
  const groups = new RegExp(`^/${pattern.replace(/^\//, '')}$`).exec(path)?.groups;
  const stream = groups?.['stream'];
  return stream === undefined ? null : { app: groups?.['app'] ?? DEFAULT_APP, stream };
}

const PLACEHOLDERS: Readonly<Record<string, string>> = { '[app]': '(?<app>.+)', '[stream]': '(?<stream>[^/]+)' };

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
