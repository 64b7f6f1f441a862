import { isHlsPath, unescaped } from './hls-request.js';
import { rewriteHead } from './http-head.js';

/** The vhost of everybody who names none, or one that the conf does not have: as in SRS. */
const DEFAULT_VHOST = '__defaultVhost__';

export type RequestStream =
  | { readonly type: 'more' }
  /** `stream` names what is asked for: vhost and path, without query. `isHls`: it is the http edge's to answer. */
  | { readonly type: 'stream'; readonly stream: string; readonly isHls: boolean }
  | { readonly type: 'bad'; readonly status: 400 | 431 | 501; readonly why: string };

/**
 * What stream the HTTP request at the beginning of `input` asks for; refused where the relay would refuse it, too.
 * `vhosts`: those of the conf. Spellings of one path that differ in escapes are one stream.
 */
export function requestStream(input: Buffer, vhosts: ReadonlySet<string>): RequestStream {
  const head = rewriteHead(input, '');
  if (head.type !== 'head') return head;
  const [requestLine = '', ...lines] = head.forward.toString('latin1').split('\r\n');
  const target = requestLine.split(' ')[1] ?? '';
  const [, authority, path = '', query = ''] = /^(?:https?:\/\/([^/?#]*))?([^?#]*)\??([^#]*)/i.exec(target) ?? [];
  const host = authority ?? headerOf(lines, 'host');
  const vhost = /(?:^|&)vhost=([^&]*)/.exec(query)?.[1] ?? host.replace(/:\d+$/, '');
  const stream = `${vhosts.has(vhost) ? vhost : DEFAULT_VHOST}${unescaped(path)}`;
  return { type: 'stream', stream, isHls: isHlsPath(path) };
}

function headerOf(lines: readonly string[], name: string): string {
  const line = lines.find((each) => each.slice(0, name.length + 1).toLowerCase() === `${name}:`);
  return line?.slice(name.length + 1).trim() ?? '';
}
