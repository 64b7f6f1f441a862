import type { EdgeSettings } from './settings.js';
import { isStreamName, type StreamKey, vhostFor } from './stream-key.js';
import type { VhostSettings } from './vhost-settings.js';

/** A stream that a URL means, with the settings of its vhost. */
export interface FlvStream {
  readonly key: StreamKey;
  readonly settings: VhostSettings;
}

/**
 * Which stream a URL means, by the templates of http_remux: `[vhost]/[app]/[stream].flv`. Null: no
 * stream's URL.
 */
export function streamOfUrl(
  settings: EdgeSettings,
  url: { host: string; path: string; query: string },
): FlvStream | null {
  const named = /(?:^|&)vhost=([^&]*)/.exec(url.query)?.[1];
  const hostName = named ?? url.host.replace(/:\d+$/, '');
  const vhost = vhostFor(settings, hostName);
  if (vhost === null || vhost.flvMount === null) return null;
  const match = matchMount(vhost.flvMount, url.path);
  if (match === null || !isStreamName(match.app, match.stream)) return null;
  return { key: { vhost: vhost.name, app: match.app, stream: match.stream }, settings: vhost };
}

/** `[vhost]` in front stands for the Host header, by which the vhost was chosen: the path has no such part. */
function matchMount(template: string, path: string): { app: string; stream: string } | null {
  const parts = template.replace(/^\/?\[vhost\]/, '').split(/(\[app\]|\[stream\])/);
  const pattern = parts.map((part) => PLACEHOLDERS[part] ?? escapeRegExp(part)).join('');
  const groups = new RegExp(`^/?${pattern.replace(/^\//, '')}$`).exec(path)?.groups;
  const stream = groups?.['stream'];
  return stream === undefined ? null : { app: groups?.['app'] ?? 'live', stream };
}

const PLACEHOLDERS: Readonly<Record<string, string>> = { '[app]': '(?<app>.+)', '[stream]': '(?<stream>[^/]+)' };

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
