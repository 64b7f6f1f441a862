/** An answer that has an end. Its body is written as it is, to many clients perhaps: nobody changes it any more. */
export interface HttpAnswer {
  readonly status: HttpStatus;
  /** Beside what each answer has: Connection, Content-Length, Server and what a page of another site needs. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

const STATUS_TEXT = {
  200: 'OK',
  206: 'Partial Content',
  302: 'Found',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  416: 'Range Not Satisfiable',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

export type HttpStatus = keyof typeof STATUS_TEXT;

/** What of the request decides how it is answered. */
export interface AnswerFrame {
  readonly minor: 0 | 1;
  /** The connection stays after this answer. */
  readonly keepsAlive: boolean;
  /** A page of another site asks, and may: SRS answers so to requests with an Origin, unless crossdomain is off. */
  readonly crossDomain: boolean;
  /** The value of the Server header. */
  readonly server: string;
}

const CROSS_DOMAIN = [
  'Access-Control-Allow-Origin: *',
  'Access-Control-Allow-Headers: *',
  'Access-Control-Allow-Methods: *',
  'Access-Control-Expose-Headers: *',
  'Access-Control-Allow-Credentials: false',
];

/** A short answer in words, as SRS has them. */
export function textAnswer(status: HttpStatus, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  const body = Buffer.from(STATUS_TEXT[status]);
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, body };
}

/** The head of an answer with an end; its body follows, unless HEAD was asked. */
export function answerHead({ status, headers, body }: HttpAnswer, frame: AnswerFrame): Buffer {
  // RFC 9110, 8.6: an answer 304 without a body says nothing of the length of what it stands for.
  const length = status === 304 ? [] : [`Content-Length: ${body?.length ?? 0}`];
  return head(status, frame, [...length, ...linesOf(headers)]);
}

/**
 * The head of FLV that goes on until somebody closes: in chunks, or in HTTP/1.0 until the end of the connection. The one
 * answer to HEAD that needs no length either.
 */
export function flvHead(frame: AnswerFrame, asked: 'GET' | 'HEAD'): Buffer {
  const coding = asked === 'GET' && frame.minor === 1 ? ['Transfer-Encoding: chunked'] : [];
  return head(200, frame, ['Content-Type: video/x-flv', ...coding]);
}

function head(status: HttpStatus, { minor, keepsAlive, crossDomain, server }: AnswerFrame, lines: string[]): Buffer {
  const all = [
    `HTTP/1.${minor} ${status} ${STATUS_TEXT[status]}`,
    `Connection: ${keepsAlive ? 'Keep-Alive' : 'Close'}`,
    ...lines,
    ...(crossDomain ? CROSS_DOMAIN : []),
    `Server: ${server}`,
  ];
  return Buffer.from(`${all.join('\r\n')}\r\n\r\n`);
}

function linesOf(headers: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
}
