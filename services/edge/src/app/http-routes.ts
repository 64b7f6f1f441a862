import { type FlvStream, streamOfUrl } from '../domain/flv-mount.js';
import { type HttpAnswer, textAnswer } from '../domain/http-answer.js';
import { type HttpHead, headerOf } from '../domain/http-head.js';
import type { EdgeSettings } from '../domain/settings.js';
import type { StreamKey } from '../domain/stream-key.js';

/** A GET or HEAD, as its route sees it. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD';
  /** Decoded; without query. It may hold any character: check what becomes a file's name, or a header. */
  readonly path: string;
  readonly query: string;
  /** As the client names the server, perhaps with a port; empty: it does not. */
  readonly host: string;
  /** The client's, behind a relay as well. */
  readonly address: string;
  /** A header's value by its name in lower case; empty: it is not there. */
  header(name: string): string;
}

export function requestOf(head: HttpHead, method: HttpRequest['method'], address: string): HttpRequest {
  const { path, query, host } = head;
  return { method, path, query, host, address, header: (name) => headerOf(head, name) };
}

/**
 * How a request is served. `answer`: by something that has an end; it is written when it is there, in the order of the
 * requests, and to HEAD without its body. A promise that fails is answered by 500; it may take some seconds, from the end
 * of `question` on, if somebody is asked first whether the client may have it. `of`: the stream that it is a part of.
 * `play`: by a stream, in HTTP-FLV; the connection ends with it.
 */
export type HttpOutcome =
  | { readonly is: 'answer'; readonly answer: HttpAnswer; readonly of?: StreamKey }
  | LateAnswer
  | { readonly is: 'play'; readonly stream: FlvStream };

export interface LateAnswer {
  readonly is: 'late';
  readonly answer: Promise<HttpAnswer>;
  readonly of?: StreamKey;
  readonly question?: Question;
}

/** Whether a client may come in. */
export interface Question {
  /** Has an end within time-outs of its own, and never rejects. */
  readonly answered: Promise<unknown>;
  /** The client left before that: nobody waits for the answer. */
  abandon(): void;
}

/** Null: the path is another route's. Called within the connection's turn, so it neither throws nor waits. */
export type HttpRoute = (request: HttpRequest) => HttpOutcome | null;

/** HTTP-FLV, by the mounts of the vhosts. */
export function flvRoute(settings: () => EdgeSettings, isPublished: (key: StreamKey) => boolean): HttpRoute {
  return (request) => {
    const stream = streamOfUrl(settings(), request, isPublished);
    return stream === null ? null : { is: 'play', stream };
  };
}

/** The first route that knows the path; 404 where none does. */
export function routeOf(routes: readonly HttpRoute[], request: HttpRequest): HttpOutcome {
  for (const route of routes) {
    const outcome = route(request);
    if (outcome !== null) return outcome;
  }
  return { is: 'answer', answer: textAnswer(404) };
}
