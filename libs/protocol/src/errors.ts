/**
 * The one table of error codes. `message` is a template: {name} is replaced by a detail of that name. `http` is the
 * status of an API's answer, `exit` the exit code of a command (sysexits.h where one fits), `retryable` says whether
 * the same call may succeed later without a change.
 */
interface ErrorRow {
  readonly message: string;
  readonly http: number;
  readonly exit: number;
  readonly retryable: boolean;
}

export const ERRORS = {
  E_NOT_YET: { message: '{what} is not there yet in this version', http: 501, exit: 69, retryable: false },
  E_CONFIG: { message: '{where}: {why}', http: 400, exit: 78, retryable: false },
  E_CONF: { message: '{file}:{line}: {why}', http: 400, exit: 78, retryable: false },
  E_BAD_REQUEST: { message: 'the request cannot be read: {why}', http: 400, exit: 65, retryable: false },
  E_TOO_LARGE: { message: '{what} is larger than {limitBytes} bytes', http: 413, exit: 65, retryable: false },
  E_NOT_FOUND: { message: '{what} is not there', http: 404, exit: 66, retryable: false },
  E_SPEC_INVALID: { message: 'the farm specification is refused: {why}', http: 422, exit: 65, retryable: false },
  E_SPEC_CHANGED: {
    message: 'the farm is at spec version {actual}, not {expected}',
    http: 412,
    exit: 75,
    retryable: false,
  },
  E_NO_FARM: { message: 'there is no farm yet: the log holds no farm-created', http: 409, exit: 69, retryable: true },
  E_FARM_EXISTS: { message: 'farm {farm} exists already, with id {farmId}', http: 409, exit: 73, retryable: false },
  E_FARM_RUNS: {
    message: 'farm {farm} runs: {who} is there; end its masters and workers first, pods serve on',
    http: 409,
    exit: 75,
    retryable: true,
  },
  E_LOG_LOST: {
    message: 'farm {farmId} is known here, but its log is gone: {why}',
    http: 503,
    exit: 69,
    retryable: false,
  },
  E_FARM_MISMATCH: { message: 'this is farm {ours}, not {theirs}', http: 409, exit: 77, retryable: false },
  E_HOST_MISMATCH: { message: 'this is host {ours}, not {theirs}', http: 409, exit: 77, retryable: false },
  E_HOST_TAKEN: { message: 'host id {host} is in use by another worker', http: 409, exit: 73, retryable: false },
  E_EPOCH_STALE: {
    message: 'the command is for epoch {theirs}, this worker is in epoch {ours}',
    http: 409,
    exit: 75,
    retryable: true,
  },
  E_TERM_STALE: { message: 'term {theirs} is over: term {ours} was seen', http: 409, exit: 75, retryable: false },
  E_COMMAND_STALE: {
    message: '{edge}: ({term}, {sequence}) is below the last accepted',
    http: 409,
    exit: 75,
    retryable: false,
  },
  E_GENERATION_STALE: {
    message: '{edge}: generation {theirs} is not above {ours}',
    http: 409,
    exit: 75,
    retryable: false,
  },
  E_NOT_DRAINING: { message: '{edge} does not drain: {why}', http: 409, exit: 75, retryable: false },
  E_NOT_READY: {
    message: '{edge} cannot be replaced: it is not ready, being replaced, or its pod is to stop',
    http: 409,
    exit: 75,
    retryable: true,
  },
  E_ENGINE_UNKNOWN: {
    message: 'engine {engine} is not configured on this host',
    http: 422,
    exit: 78,
    retryable: false,
  },
  E_PORT_TAKEN: { message: 'port {port} is taken by {holder}', http: 409, exit: 69, retryable: true },
  E_LIMITED: { message: 'there are too many: {what}', http: 503, exit: 75, retryable: true },
  E_DENIED: { message: 'clients of this address are not served', http: 403, exit: 77, retryable: false },
  E_CONF_UNKNOWN: { message: 'conf {conf} is not configured on this host', http: 422, exit: 78, retryable: false },
  E_UNAUTHORIZED: { message: 'this needs a token: {why}', http: 401, exit: 77, retryable: false },
  E_FORBIDDEN: { message: 'this token has no right to {right}', http: 403, exit: 77, retryable: false },
  E_ORIGIN_LOOPBACK: {
    message: 'the origin {origin} is on loopback, and host {host} is at {address}',
    http: 409,
    exit: 78,
    retryable: false,
  },
  E_HOST_UP: {
    message: 'host {host} is up: drain it and stop its worker first',
    http: 409,
    exit: 75,
    retryable: false,
  },
  E_HOST_LEAVING: { message: 'host {host} is leaving the farm', http: 409, exit: 75, retryable: false },
  E_PLACEMENT_SHORT: {
    message: '{placed} of {asked} stream edges have a place: {why}',
    http: 409,
    exit: 75,
    retryable: false,
  },
  E_UPDATE_STOPPED: {
    message: 'the update to spec {specVersion} stopped: {why}',
    http: 409,
    exit: 75,
    retryable: false,
  },
  E_WAIT_TIMEOUT: { message: '{what} was not so within {timeoutMs} ms', http: 504, exit: 75, retryable: true },
  E_ROOT_NEEDED: { message: '{what} needs root', http: 501, exit: 69, retryable: false },
  E_POD_DOWN: { message: 'the pod of this host is not up', http: 503, exit: 69, retryable: true },
  E_BUS_UNAVAILABLE: { message: 'NATS does not answer: {why}', http: 503, exit: 69, retryable: true },
  E_LOG_CONFIG: { message: 'the log {stream} is configured otherwise: {why}', http: 500, exit: 78, retryable: false },
  E_LOG_UNREADABLE: { message: 'log entry {sequence} cannot be decoded: {why}', http: 503, exit: 70, retryable: false },
  E_LOG_UNCERTAIN: {
    message: 'it is not known whether the append was stored: {why}',
    http: 503,
    exit: 75,
    retryable: true,
  },
  E_LOG_FULL: { message: 'the log {stream} is full: {why}', http: 507, exit: 69, retryable: false },
  E_LOG_CONFLICT: { message: 'others wrote to {subject} at the same time', http: 409, exit: 75, retryable: true },
  E_NO_LEADER: { message: 'no master leads now', http: 503, exit: 75, retryable: true },
  E_UNREACHABLE: { message: '{what} at {address} does not answer: {why}', http: 502, exit: 69, retryable: true },
  E_RUNNING: { message: '{what} runs already, pid {pid}', http: 409, exit: 1, retryable: false },
  E_UNSUPPORTED: { message: '{what} is not supported: {why}', http: 501, exit: 69, retryable: false },
  E_INTERNAL: { message: 'internal error: {why}', http: 500, exit: 70, retryable: false },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** An expected bad outcome with a code of the table. Branch on `code`, never on `message`. */
export class DolphinError extends Error {
  override readonly name = 'DolphinError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, details: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(fill(ERRORS[code].message, details), options);
    this.code = code;
    this.details = details;
  }

  get http(): number {
    return ERRORS[this.code].http;
  }
  get exit(): number {
    return ERRORS[this.code].exit;
  }
  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  /** The body that an API answers with. */
  toAnswer(): { error: { code: ErrorCode; message: string; retryable: boolean } } {
    return { error: { code: this.code, message: this.message, retryable: this.retryable } };
  }
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

function fill(template: string, details: Readonly<Record<string, unknown>>): string {
  return template.replace(/\{(\w+)\}/g, (hole, name: string) => (name in details ? String(details[name]) : hole));
}
