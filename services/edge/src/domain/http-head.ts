/** The head of an HTTP request, as far as this server looks at it. */
export interface HttpHead {
  readonly method: string;
  /** Decoded; without query. */
  readonly path: string;
  readonly query: string;
  /** 0 or 1: HTTP/1.0 knows no chunks. */
  readonly minor: number;
  readonly host: string;
  readonly realIp: string;
  readonly referer: string;
}

/** SRS and nginx allow 8 KiB, too. */
export const MAX_HEAD_BYTES = 8 * 1024;

/** `more`: the head has not ended. `bad`: it is none, or it is too long. */
export type HeadParse = { is: 'head'; head: HttpHead } | { is: 'more' } | { is: 'bad' };

/** Reads a request's head from what has come so far. */
export function parseHead(bytes: Buffer): HeadParse {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return bytes.length > MAX_HEAD_BYTES || !couldBeHttp(bytes) ? { is: 'bad' } : { is: 'more' };
  if (end > MAX_HEAD_BYTES) return { is: 'bad' };
  // UTF-8, as RTMP names are: not every player escapes what is not ASCII.
  const [requestLine = '', ...lines] = bytes.toString('utf8', 0, end).split('\r\n');
  const match = /^([A-Z]{1,16}) (\S+) HTTP\/1\.([01])$/.exec(requestLine);
  if (match === null) return { is: 'bad' };
  const [, method = '', target = '', minor = ''] = match;
  const { path, query } = splitTarget(target);
  if (path === null) return { is: 'bad' };
  const header = (name: string) => {
    const line = lines.find((each) => each.slice(0, name.length + 1).toLowerCase() === `${name}:`);
    return line?.slice(name.length + 1).trim() ?? '';
  };
  return {
    is: 'head',
    head: {
      ...{ method, path, query, minor: Number(minor) },
      ...{ host: header('host'), realIp: header('x-real-ip'), referer: header('referer') },
    },
  };
}

/** A method's letters come first; anything else need not be waited for. */
function couldBeHttp(bytes: Buffer): boolean {
  const line = bytes.toString('latin1', 0, Math.min(bytes.length, 17));
  return /^[A-Z]{0,16}( |$)/.test(line);
}

function splitTarget(target: string): { path: string | null; query: string } {
  const withoutHost = target.replace(/^https?:\/\/[^/?#]*/i, '');
  const mark = withoutHost.indexOf('?');
  const query = mark < 0 ? '' : withoutHost.slice(mark + 1);
  const raw = mark < 0 ? withoutHost : withoutHost.slice(0, mark);
  if (!raw.startsWith('/')) return { path: null, query };
  try {
    return { path: decodeURIComponent(raw), query };
  } catch {
    return { path: null, query };
  }
}
