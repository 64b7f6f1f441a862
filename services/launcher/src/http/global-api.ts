import {
  ApplyAnswer,
  DolphinError,
  ErrorAnswer,
  EventPage,
  type FarmSpec,
  FarmView,
  InitAnswer,
  isErrorCode,
} from '@dolphin/protocol';

/** An apply waits for the log; everything else is answered from memory. */
const REQUEST_TIMEOUT_MS = 5_000;

/** The master's global API, as far as `up` needs it. Errors are DolphinErrors with the master's own code. */
export class GlobalApi {
  readonly #base: string;
  readonly #who: string;
  readonly #token: string | null;

  /** `token`: for a master that wants one. */
  constructor(base: string, who: string, token: string | null) {
    this.#base = base;
    this.#who = who;
    this.#token = token;
  }

  async farm(): Promise<FarmView> {
    return FarmView.parse(await this.#request('GET', '/api/v1/farm'));
  }

  async events(after: number, limit: number): Promise<EventPage> {
    return EventPage.parse(await this.#request('GET', `/api/v1/events?after=${after}&limit=${limit}`));
  }

  async init(): Promise<InitAnswer> {
    return InitAnswer.parse(await this.#request('POST', '/api/v1/init', { who: this.#who }));
  }

  async apply(spec: FarmSpec, version: number, why: string): Promise<ApplyAnswer> {
    const body = { spec, who: this.#who, why };
    return ApplyAnswer.parse(await this.#request('POST', '/api/v1/apply', body, { 'if-match': `"${version}"` }));
  }

  async #request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<unknown> {
    let response: Response;
    let answer: unknown;
    try {
      response = await fetch(this.#base + path, {
        method,
        headers: {
          ...headers,
          ...(this.#token !== null && { authorization: `Bearer ${this.#token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      answer = await response.json();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new DolphinError('E_UNREACHABLE', { what: 'the master', address: this.#base, why }, { cause: error });
    }
    if (response.ok) return answer;
    const failed = ErrorAnswer.safeParse(answer);
    const { code, message } = failed.success ? failed.data.error : { code: '', message: `HTTP ${response.status}` };
    throw new GlobalApiError(isErrorCode(code) ? code : 'E_INTERNAL', message);
  }
}

/** What the master refused: its code, and its own words. */
export class GlobalApiError extends DolphinError {
  constructor(code: ConstructorParameters<typeof DolphinError>[0], words: string) {
    super(code);
    this.message = words;
  }
}
