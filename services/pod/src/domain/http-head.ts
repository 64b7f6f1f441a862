/** The head of a client's first HTTP request, as the relay needs it: read strictly, written anew. */
export type HeadResult =
  /** The head is not whole yet. */
  | { readonly type: 'more' }
  | {
      readonly type: 'head';
      /** What goes to the edge in place of the client's head. */
      readonly forward: Buffer;
      /** Bytes of the input that the head took. */
      readonly bytes: number;
      /** Bytes of body that belong to this request; the client may send no more than that. */
      readonly bodyBytes: number;
    }
  | { readonly type: 'bad'; readonly status: 400 | 431 | 501; readonly why: string };

/** The design's limit for a head; players' and browsers' are under 2 KiB, long cookies under 8. */
export const MAX_HEAD_BYTES = 8 * 1024;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Bytes above 127 as they are: à has one that \s takes for a space.
const REQUEST_LINE = /^([A-Z]{1,16}) ([!-~\x80-\xff]{1,7000}) HTTP\/1\.([01])$/;

/**
 * What a client may not say of itself, and what holds for one hop only. With `Connection: close` the edge ends after
 * this one request: a second one on the same connection would pass unread, with whatever address it claims.
 */
const NOT_PASSED_ON = new Set([
  'x-real-ip',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'forwarded',
  'connection',
  'keep-alive',
  'proxy-connection',
  'upgrade',
  'te',
]);

/**
 * `input` is all that the client sent so far. RFC 9112: a bare CR, a folded line or a name with a space is refused,
 * because two readers may see two different heads in it.
 */
export function rewriteHead(input: Buffer, clientAddress: string): HeadResult {
  const end = headEnd(input);
  if (end === -1) {
    return input.length > MAX_HEAD_BYTES ? bad(431, 'the head is too long') : { type: 'more' };
  }
  if (end > MAX_HEAD_BYTES) return bad(431, 'the head is too long');
  const lines = input
    .toString('latin1', 0, end)
    .split('\n')
    .map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  // The blank line, and what follows the last line feed.
  lines.length -= 2;
  const [requestLine, ...headerLines] = lines;
  if (requestLine === undefined || !REQUEST_LINE.test(requestLine)) return bad(400, 'not a request line');
  if (lines.some((line) => line.includes('\r') || line.includes('\0'))) return bad(400, 'a control character');
  const kept: string[] = [requestLine];
  let bodyBytes: number | null = null;
  for (const line of headerLines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    if (!TOKEN.test(name)) return bad(400, 'not a header');
    const lower = name.toLowerCase();
    if (lower === 'transfer-encoding') return bad(501, 'a request in chunks');
    if (lower === 'content-length') {
      const value = line.slice(colon + 1).trim();
      if (!/^\d{1,12}$/.test(value) || bodyBytes !== null) return bad(400, 'not a length');
      bodyBytes = Number(value);
    }
    // `X_Real_IP` is read as X-Real-IP by servers of the CGI kind.
    if (!NOT_PASSED_ON.has(lower.replaceAll('_', '-'))) kept.push(line);
  }
  kept.push(`X-Real-IP: ${clientAddress}`, `X-Forwarded-For: ${clientAddress}`, 'Connection: close', '', '');
  return { type: 'head', forward: Buffer.from(kept.join('\r\n'), 'latin1'), bytes: end, bodyBytes: bodyBytes ?? 0 };
}

/** The offset after the blank line, or -1. Both CRLF and a bare LF end a line, as in the servers behind. */
function headEnd(input: Buffer): number {
  let from = 0;
  for (;;) {
    const feed = input.indexOf(10, from);
    if (feed === -1) return -1;
    if (input[feed + 1] === 10) return feed + 2;
    if (input[feed + 1] === 13 && input[feed + 2] === 10) return feed + 3;
    from = feed + 1;
  }
}

function bad(status: 400 | 431 | 501, why: string): HeadResult {
  return { type: 'bad', status, why };
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

/** A whole answer of the pod itself, with a JSON code. `retryAfterS` says when to come again. */
export function refusal(status: number, code: string, message: string, retryAfterS?: number): Buffer {
  const body = `${JSON.stringify({ error: { code, message, retryable: status === 503 } })}\n`;
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Error'}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Access-Control-Allow-Origin: *',
    'Cache-Control: no-store',
    ...(retryAfterS === undefined ? [] : [`Retry-After: ${retryAfterS}`]),
    'Connection: close',
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}
