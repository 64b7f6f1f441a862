/** The head of an HTTP request, as far as this server looks at it. */
export interface HttpHead {
  readonly method: string;
  /** Decoded; without query. */
  readonly path: string;
  /** As it came, without its question mark. */
  readonly query: string;
  /** 0 or 1: HTTP/1.0 knows no chunks. */
  readonly minor: 0 | 1;
  /** Of the target if that names one, else of the Host header; with its port. Empty: neither is there. */
  readonly host: string;
  /** The client wants to ask again on this connection. */
  readonly keepsAlive: boolean;
  /** How many bytes of what came are this head. */
  readonly bytes: number;
  /** How many bytes of body follow it; null: that is not known, so nothing after it can be read. */
  readonly bodyBytes: number | null;
  /** Its header lines; read them by `headerOf`. */
  readonly lines: readonly string[];
}

/** With its blank line. SRS and nginx allow 8 KiB, too. */
export const MAX_HEAD_BYTES = 8 * 1024;

/** `more`: the head has not ended. `bad`: it is none, or it is too long; the client is told the status. */
export type HeadParse = { is: 'head'; head: HttpHead } | { is: 'more' } | { is: 'bad'; status: 400 | 431 };

const BAD: HeadParse = { is: 'bad', status: 400 };

/** Reads a request's head from what has come so far. */
export function parseHead(bytes: Buffer): HeadParse {
  const end = bytes.indexOf('\r\n\r\n');
  // With the blank line, which may be what has not come yet: the same head must not fit or not by how it is cut.
  const soFar = end < 0 ? bytes.length : end + 4;
  if (soFar > MAX_HEAD_BYTES) return { is: 'bad', status: 431 };
  if (end < 0) return couldBeHttp(bytes) ? { is: 'more' } : BAD;
  // UTF-8, as RTMP names are: not every player escapes what is not ASCII.
  const [requestLine = '', ...lines] = bytes.toString('utf8', 0, end).split('\r\n');
  const match = /^([A-Z]{1,16}) (\S+) HTTP\/1\.([01])$/.exec(requestLine);
  if (match === null) return BAD;
  const [, method = '', target = '', minor = ''] = match;
  const { authority, path, query } = splitTarget(target);
  const bodyBytes = bodyBytesOf(lines);
  if (path === null || bodyBytes === 'bad') return BAD;
  const connection = headerOf({ lines }, 'connection').toLowerCase();
  return {
    is: 'head',
    head: {
      method,
      path,
      query,
      minor: minor === '1' ? 1 : 0,
      // RFC 9112, 3.2.2: the Host header of an absolute target is ignored.
      host: authority ?? headerOf({ lines }, 'host'),
      keepsAlive: minor === '1' ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection),
      bytes: end + 4,
      bodyBytes,
      lines,
    },
  };
}

/** A header's value by its name in lower case; empty: it is not there. The first one holds. */
export function headerOf({ lines }: Pick<HttpHead, 'lines'>, name: string): string {
  const line = lines.find((each) => each.slice(0, name.length + 1).toLowerCase() === `${name}:`);
  return line?.slice(name.length + 1).trim() ?? '';
}

/** A method's letters come first; anything else need not be waited for. */
function couldBeHttp(bytes: Buffer): boolean {
  const line = bytes.toString('latin1', 0, Math.min(bytes.length, 17));
  return /^[A-Z]{0,16}( |$)/.test(line);
}

function splitTarget(target: string): { authority: string | null; path: string | null; query: string } {
  const [, authority, rest = ''] = /^(?:https?:\/\/([^/?#]*))?(.*)$/is.exec(target) ?? [];
  const mark = rest.indexOf('?');
  const query = mark < 0 ? '' : rest.slice(mark + 1);
  const raw = mark < 0 ? rest : rest.slice(0, mark);
  return { authority: authority ?? null, path: raw.startsWith('/') ? decoded(raw) : null, query };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Lengths that contradict each other, or are none, end the connection: what follows could be read as a request. */
function bodyBytesOf(lines: readonly string[]): number | null | 'bad' {
  if (headerOf({ lines }, 'transfer-encoding') !== '') return null;
  const lengths = lines.flatMap((line) => /^content-length:\s*(.*?)\s*$/i.exec(line)?.[1] ?? []);
  const [length = '0'] = lengths;
  return /^\d{1,15}$/.test(length) && lengths.every((each) => each === length) ? Number(length) : 'bad';
}
