import type { EdgeSettings } from './settings.js';
import type { VhostSettings } from './vhost-settings.js';

/** The vhost of everybody who names none, or one that the conf does not have. */
export const DEFAULT_VHOST = '__defaultVhost__';

/** Which stream is meant. `vhost` is the conf's name for it, not the client's. */
export interface StreamKey {
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
}

/** Longer names are refused: they stand in every answer of the API. */
const MAX_NAME_CHARS = 512;

export function keyText(key: StreamKey): string {
  return `${key.vhost}/${key.app}/${key.stream}`;
}

/** `/live/livestream`, and the vhost in front where it is not the default one: SRS's stream URL. */
export function streamUrlOf(key: StreamKey): string {
  const path = `/${key.app}/${key.stream}`;
  return key.vhost === DEFAULT_VHOST ? path : `${key.vhost}${path}`;
}

/** The settings for a vhost as a client names it; null: there are none, or it is switched off. */
export function vhostFor(settings: EdgeSettings, name: string): VhostSettings | null {
  const found = settings.vhosts.get(name) ?? settings.vhosts.get(DEFAULT_VHOST);
  return found?.enabled ? found : null;
}

/** True for names that can stand in a URL and in an answer. */
export function isStreamName(app: string, stream: string): boolean {
  if (app === '' || stream === '' || app.length + stream.length > MAX_NAME_CHARS) return false;
  for (const char of app + stream) if (char < ' ' || char === '\u007f') return false;
  return true;
}

/** A stream with the settings of its vhost. */
export interface NamedStream {
  readonly key: StreamKey;
  readonly settings: VhostSettings;
}

/** The stream of that name in a vhost as a client names it. Null: there is no such vhost, or the name cannot be one. */
export function streamNamed(settings: EdgeSettings, vhost: string, app: string, stream: string): NamedStream | null {
  const found = vhostFor(settings, vhost);
  if (found === null || !isStreamName(app, stream)) return null;
  return { key: { vhost: found.name, app, stream }, settings: found };
}
