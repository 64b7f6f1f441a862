import { DolphinError } from '@dolphin/protocol/plain.js';

/** One server-sent event. */
export interface SseEvent {
  /** `message`, where it was not named. */
  readonly event: string;
  /** Null: it came without one. */
  readonly id: string | null;
  readonly data: string;
}

/** The largest entry of a log is below 1 MiB. */
const MAX_EVENT_CHARS = 2 * 1024 * 1024;

/** Takes a stream of server-sent events apart, however it was cut on its way (WHATWG HTML, 9.2). */
export class SseReader {
  #rest = '';
  #chars = 0;
  #event = '';
  #id: string | null = null;
  #data: string[] = [];

  /** The events that are whole with this text. Throws E_TOO_LARGE. */
  feed(text: string): SseEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    const events = lines.flatMap((line) => this.#line(line));
    if (this.#chars + this.#rest.length > MAX_EVENT_CHARS) {
      throw new DolphinError('E_TOO_LARGE', { what: 'a server-sent event', limitBytes: MAX_EVENT_CHARS });
    }
    return events;
  }

  #line(line: string): SseEvent[] {
    if (line === '') return this.#dispatch();
    this.#chars += line.length;
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.#event = value;
    else if (name === 'id') this.#id = value;
    else if (name === 'data') this.#data.push(value);
    return [];
  }

  #dispatch(): SseEvent[] {
    const [event, id, data] = [this.#event || 'message', this.#id, this.#data];
    [this.#event, this.#id, this.#data, this.#chars] = ['', null, [], 0];
    return data.length === 0 ? [] : [{ event, id, data: data.join('\n') }];
  }
}
