import type { HlsSettings } from './hls-settings.js';
import type { EdgeSettings } from './settings.js';
import { isStreamName, type StreamKey, vhostOfUrl } from './stream-key.js';
import type { VhostSettings } from './vhost-settings.js';

/** What a URL means in HLS: a stream's playlist, or one of its segments. */
export interface HlsAddress {
  readonly key: StreamKey;
  readonly settings: VhostSettings;
  readonly hls: HlsSettings;
  /** Null: the playlist. */
  readonly segment: number | null;
}

/** SRS's default names: `/[app]/[stream].m3u8` and `/[app]/[stream]-[seq].ts`. */
const NAMES = /^\/(?<app>.+)\/(?<stream>[^/]+?)(?:\.m3u8|-(?<segment>\d{1,15})\.ts)$/;
/** A viewer's token: as SRS makes them, and as they are taken back. */
const TOKEN = /^[A-Za-z0-9]{8}$/;
const TOKEN_NAME = 'hls_ctx';

/** Null: no URL of HLS, or of a vhost without it. */
export function hlsAddressOf(
  settings: EdgeSettings,
  url: { host: string; path: string; query: string },
): HlsAddress | null {
  const { app = '', stream = '', segment } = NAMES.exec(url.path)?.groups ?? {};
  if (!isStreamName(app, stream)) return null;
  const vhost = vhostOfUrl(settings, url);
  if (vhost === null || vhost.hls === null) return null;
  const key = { vhost: vhost.name, app, stream };
  return { key, settings: vhost, hls: vhost.hls, segment: segment === undefined ? null : Number(segment) };
}

/** The token in a query; null: none, or not one that we would have made. */
export function tokenOf(query: string): string | null {
  const token = parameterOf(query, TOKEN_NAME);
  return token !== null && TOKEN.test(token) ? token : null;
}

/** A viewer's own playlist: what it asked for, with its token in front of its query, as SRS has it. */
export function tokenAddress(path: string, query: string, token: string): string {
  const others = query.split('&').filter((each) => each !== '' && !each.startsWith(`${TOKEN_NAME}=`));
  return `${path.split('/').map(encodeURIComponent).join('/')}?${[`${TOKEN_NAME}=${token}`, ...others].join('&')}`;
}

/** The addresses of a stream's segments, as its playlist says them. */
export function segmentAddresses(
  { key, hls }: HlsAddress,
  query: string,
  token: string | null,
): (segment: number) => string {
  // A vhost that was named, not dialled, has to be named by those requests, too.
  const vhost = parameterOf(query, 'vhost');
  const parameters = [
    ...(token !== null && hls.segmentSessions ? [`${TOKEN_NAME}=${token}`] : []),
    ...(vhost === null ? [] : [`vhost=${vhost}`]),
  ];
  const behind = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  const prefix = hls.entryPrefix;
  // As SRS: a prefix that ends with a slash has the place of the playlist in it already.
  const place = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/${key.app}/`;
  const name = encodeURIComponent(key.stream);
  return (segment) => `${place}${name}-${segment}.ts${behind}`;
}

function parameterOf(query: string, name: string): string | null {
  const found = query.split('&').find((each) => each.startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1);
}
