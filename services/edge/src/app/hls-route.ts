import { type HlsAddress, hlsAddressOf, segmentAddresses, tokenAddress, tokenOf } from '../domain/hls-address.js';
import { masterPlaylist, mediaPlaylist } from '../domain/hls-playlist.js';
import { type HttpAnswer, textAnswer } from '../domain/http-answer.js';
import type { EdgeSettings } from '../domain/settings.js';
import type { Admission, Guest } from './admission.js';
import type { HlsSession, HlsSessions } from './hls-sessions.js';
import type { HlsStream } from './hls-stream.js';
import type { HlsStreams } from './hls-streams.js';
import type { HttpOutcome, HttpRequest, HttpRoute, LateAnswer } from './http-routes.js';
import type { TroubleCounts } from './server.js';
import type { Streams } from './streams.js';
import { ZippedTexts } from './zipped-texts.js';

/**
 * How long a request for a playlist waits for its first segment: below the 10 s after which hls.js gives a request up.
 * The stream is held meanwhile and after, so that the next request may find it.
 */
const FIRST_SEGMENT_WAIT_MS = 8000;
/** Requests that wait at once; each is a connection, or one that left meanwhile. */
const MAX_WAITING = 5000;
/** Shorter bodies are not worth it. */
const MIN_GZIP_BYTES = 200;

export interface HlsRouteOptions {
  readonly settings: () => EdgeSettings;
  readonly streams: Streams;
  readonly hls: HlsStreams;
  readonly sessions: HlsSessions;
  readonly admission: Admission;
  readonly trouble: Pick<TroubleCounts, 'refused'>;
  readonly gzip: (body: Buffer) => Buffer;
}

/** Playlists and segments of HLS, from memory. */
export function hlsRoute(o: HlsRouteOptions): HttpRoute {
  let waiting = 0;
  const zipped = new ZippedTexts(o.gzip);

  const segment = ({ key, hls, settings }: HlsAddress, number: number, request: HttpRequest): HttpAnswer => {
    const found = o.hls.find(key)?.window.find(number);
    if (found === undefined) return textAnswer(404);
    const session = o.sessions.find(tokenOf(request.query), key);
    if (session?.isClosed) return textAnswer(404);
    if (session === null && settings.access !== null) return textAnswer(403);
    if (session !== null && request.method === 'GET') session.sentBytes += found.bytes.length;
    // Its number never means another one: numbers rise.
    const maxAgeS = Math.ceil(hls.windowMs / 1000);
    return {
      status: 200,
      headers: { 'Content-Type': 'video/MP2T', 'Cache-Control': `max-age=${maxAgeS}` },
      body: found.bytes,
    };
  };

  /** The stream, with a segment at least; or why there is none. */
  const ready = async (address: HlsAddress, request: HttpRequest): Promise<HlsStream | HttpAnswer> => {
    const { key, settings } = address;
    if (settings.origins !== null && request.method === 'GET') {
      const play = { key, settings, query: request.query, hops: [], address: request.address, isEdge: false };
      if (o.streams.refusal(play) !== null) return textAnswer(503, { 'Retry-After': '5' });
      o.hls.hold(address, play, o.streams);
    }
    const stream = o.hls.find(key);
    if (stream === undefined) return textAnswer(404);
    if (stream.window.listed.length > 0) return stream;
    if (request.method === 'HEAD') return textAnswer(404);
    if (waiting >= MAX_WAITING) return textAnswer(503, { 'Retry-After': '5' });
    waiting++;
    const isListed = await stream.whenListed(FIRST_SEGMENT_WAIT_MS);
    waiting--;
    return isListed ? stream : textAnswer(404);
  };

  const media = (address: HlsAddress, stream: HlsStream, request: HttpRequest, session: HlsSession | null) => {
    const { listed, discontinuitiesBefore, targetSeconds } = stream.window;
    const addresses = segmentAddresses(address, request.query, session?.id ?? null);
    const text = mediaPlaylist({ segments: listed, discontinuitiesBefore, targetSeconds }, addresses);
    return playlistAnswer(text, request, session, zipped);
  };

  const letIn = async (address: HlsAddress, request: HttpRequest, id: string, guest: Guest | null) => {
    const turnedAway = (answer: HttpAnswer) => {
      guest?.turnedAway();
      return answer;
    };
    const { key, hls } = address;
    const stream = await ready(address, request);
    if ('status' in stream) return turnedAway(stream);
    const onEnd = () => guest?.leave();
    const session = o.sessions.open({ id, key, request, windowMs: hls.windowMs, onEnd });
    if (session === null) return turnedAway(textAnswer(503, { 'Retry-After': '5' }));
    // A player that had its token of a server before this one is in the midst of its own playlist.
    if (id === tokenOf(request.query)) return media(address, stream, request, session);
    const text = masterPlaylist(tokenAddress(request.path, request.query, id));
    return playlistAnswer(text, request, session, zipped);
  };

  /** A viewer that is not known yet: it is asked about first, and nothing is pulled before it may come in. */
  const newViewer = (address: HlsAddress, request: HttpRequest): LateAnswer => {
    const id = o.sessions.tokenFor(tokenOf(request.query));
    if (address.settings.access === null) return { is: 'late', answer: letIn(address, request, id, null) };
    const guest = o.admission.guest();
    let hasLeft = false;
    const abandon = () => {
      hasLeft = true;
      guest.close(0, 0);
    };
    const answered = guest.enter(visitOf(id, address, request));
    const answer = answered.then((refusal) => {
      if (refusal === null && !hasLeft) return letIn(address, request, id, guest);
      if (!hasLeft) o.trouble.refused++;
      return textAnswer(403);
    });
    return { is: 'late', answer, question: { answered, abandon } };
  };

  const playlist = (address: HlsAddress, request: HttpRequest): HttpOutcome => {
    const { key, hls, settings } = address;
    const known = hls.sessions ? o.sessions.find(tokenOf(request.query), key) : null;
    if (known?.isClosed) return { is: 'answer', answer: textAnswer(404) };
    if (hls.sessions && known === null && request.method === 'GET') return newViewer(address, request);
    if (known === null && settings.access !== null) return { is: 'answer', answer: textAnswer(403) };
    const answer = async () => {
      const stream = await ready(address, request);
      return 'status' in stream ? stream : media(address, stream, request, known);
    };
    return { is: 'late', answer: answer() };
  };

  return (request) => {
    const address = hlsAddressOf(o.settings(), request);
    if (address === null) return null;
    const outcome: HttpOutcome =
      address.segment === null
        ? playlist(address, request)
        : { is: 'answer', answer: segment(address, address.segment, request) };
    return { ...outcome, of: address.key };
  };
}

/** As hooks are told: with the RTMP address that the URL stands for, as by SRS. */
function visitOf(id: string, { key, settings }: HlsAddress, request: HttpRequest) {
  const { address, query } = request;
  const urls = { tcUrl: `rtmp://${settings.name}/${key.app}`, pageUrl: request.header('referer'), swfUrl: '' };
  return { id, address, over: 'http', ...urls, use: 'play', key, settings, query } as const;
}

function playlistAnswer(
  text: string,
  request: HttpRequest,
  session: HlsSession | null,
  zipped: ZippedTexts,
): HttpAnswer {
  const plain = Buffer.from(text);
  const isZipped = plain.length >= MIN_GZIP_BYTES && takesGzip(request.header('accept-encoding'));
  const body = isZipped ? zipped.of(text, plain) : plain;
  if (session !== null && request.method === 'GET') session.sentBytes += body.length;
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/vnd.apple.mpegurl',
      'Cache-Control': 'no-cache',
      Vary: 'Accept-Encoding',
      ...(isZipped && { 'Content-Encoding': 'gzip' }),
    },
    body,
  };
}

/** RFC 9110, 12.5.3, as far as clients use it. */
function takesGzip(header: string): boolean {
  return header.split(',').some((each) => /^\s*(gzip|\*)\s*(;|$)/i.test(each) && !/;\s*q=0(\.0*)?\s*$/i.test(each));
}
