import { createServer, type Server, Socket } from 'node:net';
import type { ClientProtocol } from '@dolphin/protocol';
import type { ClientSocket, Log } from '../app/ports.js';
import { refusal } from '../domain/http-head.js';
import { refusalAnswer } from '../domain/refusal-answer.js';
import { bindPublic } from './bind-public.js';
import { startReading } from './socket-reading.js';

/** somaxconn; with Node's default of 511 a burst costs its tail a second each (a lost SYN). */
export const BACKLOG = 4096;
/** A refused client gets its answer within this, or a reset. */
const REFUSAL_MS = 1000;
const LOG_EVERY_MS = 10_000;

export interface ListenerOptions {
  readonly protocol: ClientProtocol;
  readonly port: number;
  /** As `bindPublic` takes it. */
  readonly address: string;
  readonly onClient: (socket: ClientSocket, protocol: ClientProtocol) => void;
  /** An accept that failed: no file descriptors left, most of the time. */
  readonly onAcceptError: () => void;
  readonly log: Log;
}

/** Accepts without reading: what a client sent must still be there for the edge that gets its socket. */
export async function listenPublicly(o: ListenerOptions): Promise<Server> {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => undefined);
    o.onClient(socket, o.protocol);
  });
  await bindPublic(o.address, (host) => tryListen(server, o.port, host));
  let loggedAt = Number.NEGATIVE_INFINITY;
  server.on('error', (error: NodeJS.ErrnoException) => {
    o.onAcceptError();
    if (performance.now() - loggedAt < LOG_EVERY_MS) return;
    loggedAt = performance.now();
    o.log.error({ code: error.code, port: o.port }, 'clients cannot be accepted');
  });
  return server;
}

function tryListen(server: Server, port: number, host: string): Promise<NodeJS.ErrnoException | Server> {
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException) => {
      server.off('listening', onListening);
      resolve(error);
    };
    const onListening = () => {
      server.off('error', onError);
      resolve(server);
    };
    server.once('error', onError);
    server.once('listening', onListening);
    server.listen({ port, host, backlog: BACKLOG });
  });
}

/** Refused clients that are being told so, each with a descriptor: in a burst the others are only closed. */
const MAX_BEING_TOLD = 256;
let beingTold = 0;

/** RTMP has no words for it before its handshake: the connection is closed. HTTP is told why, and when to come again. */
export function refuseClient(socket: ClientSocket, protocol: ClientProtocol, reason: string): void {
  closeWithAnswer(socket, protocol, () => refusalAnswer(reason));
}

/** Refuses what a client said first, with that status where its protocol has one. */
export function refuseWords(socket: ClientSocket, protocol: ClientProtocol, o: { status: number; why: string }): void {
  closeWithAnswer(socket, protocol, () =>
    o.status === 503 ? refusal(503, 'E_UNREACHABLE', o.why, 1) : refusal(o.status, 'E_BAD_REQUEST', o.why),
  );
}

function closeWithAnswer(socket: ClientSocket, protocol: ClientProtocol, answer: () => Buffer): void {
  if (protocol === 'rtmp' || !(socket instanceof Socket) || beingTold >= MAX_BEING_TOLD) {
    socket.destroy();
    return;
  }
  beingTold += 1;
  const timer = setTimeout(() => socket.destroy(), REFUSAL_MS);
  socket.on('close', () => {
    beingTold -= 1;
    clearTimeout(timer);
  });
  // Its request is read and dropped: closing with unread bytes is a reset, which may overtake the answer.
  socket.on('data', () => undefined);
  startReading(socket);
  socket.end(answer());
}
