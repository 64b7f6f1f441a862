import { MediaError } from './media-error.js';

/** The vhost of everybody who names none (SRS). */
export const DEFAULT_VHOST = '__defaultVhost__';
export const DEFAULT_RTMP_PORT = 1935;
const DEFAULT_APP = '__defaultApp__';
/** Longest URL or stream name that is read. */
export const MAX_URL_CHARS = 4096;

/** rtmp://host:port/app/stream?query. `query` is without its question mark; `vhost` is its vhost=, or the host. */
export interface RtmpUrl {
  host: string;
  port: number;
  vhost: string;
  app: string;
  stream: string;
  query: string;
}

/** What a tcUrl says: where a client connects to, without the stream. */
export interface TcUrl {
  host: string;
  port: number;
  /** Of vhost= or domain=, or else the host. */
  vhost: string;
  app: string;
  query: string;
}

/** Parses a whole URL; the last part of the path is the stream. Throws MediaError `command`. */
export function parseRtmpUrl(url: string): RtmpUrl {
  const { host, port, path, query } = standard(split(url));
  const slash = path.lastIndexOf('/');
  const stream = cleanName(path.slice(slash + 1));
  const app = cleanName(path.slice(0, Math.max(0, slash))) || DEFAULT_APP;
  return { host, port, vhost: vhostOf(query) ?? host, app, stream, query };
}

/** Parses the tcUrl of a connect command. Throws MediaError `command`. */
export function parseTcUrl(tcUrl: string): TcUrl {
  const { host, port, path, query } = split(tcUrl.replace('...vhost...', '?vhost='));
  return { host, port, vhost: vhostOf(query) ?? host, app: cleanName(path) || DEFAULT_APP, query };
}

/** `livestream?token=x` as play and publish name it. `vhost` only if the query has one. */
export function parseStreamName(name: string): { stream: string; query: string; vhost?: string } {
  if (name.length > MAX_URL_CHARS) throw new MediaError('limit', `a stream name of ${name.length} characters`);
  const mark = name.indexOf('?');
  const query = mark < 0 ? '' : name.slice(mark + 1);
  const stream = cleanName(mark < 0 ? name : name.slice(0, mark));
  const vhost = vhostOf(query);
  return vhost === undefined ? { stream, query } : { stream, query, vhost };
}

/** A stream as play or publish means it, on the connection of `url`. */
export interface NamedStream {
  app: string;
  stream: string;
  /** The name's own query and the tcUrl's, joined by `&`. */
  query: string;
  /** Only if the name has one; it goes before the tcUrl's. */
  vhost?: string;
}

/**
 * What a client means that connected to `url` and names a stream, as SRS takes the two for one URL: all in front of the
 * last slash belongs to the app, and an empty name leaves the stream to be found in the app (rtmp://host/app/stream).
 * Unlike there, a slash in a query stays one: tokens have them.
 */
export function streamOnConnection(url: TcUrl, name: string): NamedStream {
  const named = parseStreamName(name);
  const query = joinQueries(named.query, url.query);
  const rest = { query, ...(named.vhost === undefined ? {} : { vhost: named.vhost }) };
  if (named.stream === '') {
    const slash = url.app.indexOf('/');
    if (slash < 0) return { app: url.app, stream: '', ...rest };
    return { app: url.app.slice(0, slash), stream: url.app.slice(slash + 1), ...rest };
  }
  const slash = named.stream.lastIndexOf('/');
  if (slash < 0) return { app: url.app, stream: named.stream, ...rest };
  return { app: `${url.app}/${named.stream.slice(0, slash)}`, stream: named.stream.slice(slash + 1), ...rest };
}

/** A query without the vhost that it names: what goes upstream names the vhost in its tcUrl (SRS). */
export function withoutVhost(query: string): string {
  return query
    .split('&')
    .filter((part) => !/^(?:vhost|domain)=/.test(part))
    .join('&');
}

/** The tcUrl for a connect command: names the vhost in the host's place, as SRS's own client does. */
export function tcUrlOf(url: RtmpUrl): string {
  const name = url.vhost === '' || url.vhost === DEFAULT_VHOST ? url.host : url.vhost;
  const host = name.includes(':') ? `[${name}]` : name;
  return `rtmp://${host}${url.port === DEFAULT_RTMP_PORT ? '' : `:${url.port}`}/${url.app}`;
}

interface Parts {
  host: string;
  port: number;
  path: string;
  query: string;
}

function split(url: string): Parts {
  if (url.length > MAX_URL_CHARS) throw new MediaError('limit', `a URL of ${url.length} characters`);
  const match = /^[a-z]+:\/\/(\[[0-9a-fA-F:.]+\]|[^/:?#[\]]*)(?::(\d{1,5}))?(?=[/?#]|$)([^?#]*)(.*)$/s.exec(url);
  if (match === null) throw new MediaError('command', 'the URL is not rtmp://host[:port]/app');
  const [, host = '', port, path = '', tail = ''] = match;
  const number = port === undefined ? DEFAULT_RTMP_PORT : Number(port);
  if (number > 65535) throw new MediaError('command', `port ${number}`);
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: number,
    path,
    query: tail.slice(1).trim(),
  };
}

/** FMLE's rtmp://host/app?vhost=x/stream: told by a path of one part, since a token may contain slashes, too. */
function standard(parts: Parts): Parts {
  const slash = parts.query.lastIndexOf('/');
  if (slash < 0 || parts.path.indexOf('/', 1) >= 0) return parts;
  return { ...parts, path: parts.path + parts.query.slice(slash), query: parts.query.slice(0, slash) };
}

function joinQueries(own: string, outer: string): string {
  return own === outer ? own : [own, outer].filter((query) => query !== '').join('&');
}

/** Without blanks, without slashes around it, without FMLE's _definst_. */
function cleanName(name: string): string {
  const text = name.replace(/[ \r\n]/g, '').replace('/_definst_', '');
  let from = 0;
  let to = text.length;
  while (from < to && text[from] === '/') from++;
  while (to > from && text[to - 1] === '/') to--;
  return text.slice(from, to);
}

/** The vhost that a query names; the default vhost by name is no name. */
function vhostOf(query: string): string | undefined {
  const match = /(?:^|[&?;#])(?:vhost|domain)=([^&;#]*)/.exec(query);
  const vhost = match?.[1]?.replace(/[ \r\n/]/g, '');
  return vhost === undefined || vhost === '' || vhost === DEFAULT_VHOST ? undefined : vhost;
}
