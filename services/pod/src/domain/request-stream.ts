import { rewriteHead } from './http-head.js';

/** The vhost of everybody who names none, or one that the conf does not have: as in SRS. */
const DEFAULT_VHOST = '__defaultVhost__';

export type RequestStream =
  | { readonly type: 'more' }
  /** `stream` names what is asked for: vhost and path, without query. */
  | { readonly type: 'stream'; readonly stream: string }
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
  return { type: 'stream', stream: `${vhosts.has(vhost) ? vhost : DEFAULT_VHOST}${unescaped(path)}` };
}

function headerOf(lines: readonly string[], name: string): string {
  const line = lines.find((each) => each.slice(0, name.length + 1).toLowerCase() === `${name}:`);
  return line?.slice(name.length + 1).trim() ?? '';
}

/** Bytes by their escapes, not characters: what is no UTF-8 names some stream as well. */
function unescaped(path: string): string {
  return path.replace(/%([0-9a-fA-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
