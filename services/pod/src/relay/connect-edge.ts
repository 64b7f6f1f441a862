import { connect, type Socket } from 'node:net';
import type { RelayTake } from '@dolphin/protocol';

export type Target = RelayTake['targets'][number];

/** 28,000 connections fit on each address; 127.0.0.1 is left to others. */
const LOCAL_ADDRESSES = 200;
/** An address without a free port says so; the next one is tried. */
const ADDRESS_TRIES = 3;

let nextAddress = 0;

/** Where what an edge sends goes: all connections of a process are read into one buffer, see ScratchPool. */
export interface EdgeReader {
  readonly buffer: Buffer;
  /** False: read no more until `resume`. */
  onBytes(bytes: number): boolean;
}

/** Gives the connected socket, or the code of the failure. `signal` ends the wait: the client left. */
export async function connectEdge(
  target: Target,
  o: { connectMs: number; signal: AbortSignal; reader: EdgeReader },
): Promise<Socket | { readonly code: string }> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await connectOnce(target, o);
    if (!('code' in outcome)) return outcome;
    const exhausted = outcome.code === 'EADDRNOTAVAIL' || outcome.code === 'EADDRINUSE';
    if (!exhausted || attempt === ADDRESS_TRIES) return outcome;
  }
}

function connectOnce(
  target: Target,
  o: { connectMs: number; signal: AbortSignal; reader: EdgeReader },
): Promise<Socket | { readonly code: string }> {
  if (o.signal.aborted) return Promise.resolve({ code: 'ECANCELED' });
  const localAddress = target.host.startsWith('127.') ? `127.0.0.${2 + (nextAddress++ % LOCAL_ADDRESSES)}` : undefined;
  return new Promise((resolve) => {
    const socket = connect({
      host: target.host,
      port: target.port,
      noDelay: true,
      ...(localAddress === undefined ? {} : { localAddress }),
      onread: { buffer: o.reader.buffer, callback: (bytes) => o.reader.onBytes(bytes) },
    });
    const finish = (outcome: Socket | { code: string }) => {
      clearTimeout(timer);
      o.signal.removeEventListener('abort', onAbort);
      socket.off('connect', onConnect);
      socket.off('error', onError);
      if ('code' in outcome) {
        socket.on('error', () => undefined);
        socket.destroy();
      }
      resolve(outcome);
    };
    const onConnect = () => finish(socket);
    const onError = (error: NodeJS.ErrnoException) => finish({ code: error.code ?? 'ECONNRESET' });
    const onAbort = () => finish({ code: 'ECANCELED' });
    const timer = setTimeout(() => finish({ code: 'ETIMEDOUT' }), o.connectMs);
    socket.once('connect', onConnect);
    socket.once('error', onError);
    o.signal.addEventListener('abort', onAbort);
  });
}
