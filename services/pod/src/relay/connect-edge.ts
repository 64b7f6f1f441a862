import { connect, type Socket } from 'node:net';
import type { RelayTarget } from '@dolphin/protocol';

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

export interface Dial {
  readonly connectMs: number;
  readonly reader: EdgeReader;
  /** The socket of each attempt: destroying it ends the wait, with ECANCELED. */
  onDialling(socket: Socket): void;
}

/** Gives the connected socket, or the code of the failure. */
export async function connectEdge(target: RelayTarget, dial: Dial): Promise<Socket | { readonly code: string }> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await connectOnce(target, dial);
    if (!('code' in outcome)) return outcome;
    const exhausted = outcome.code === 'EADDRNOTAVAIL' || outcome.code === 'EADDRINUSE';
    if (!exhausted || attempt === ADDRESS_TRIES) return outcome;
  }
}

function connectOnce(target: RelayTarget, dial: Dial): Promise<Socket | { readonly code: string }> {
  const { buffer } = dial.reader;
  const localAddress = target.host.startsWith('127.') ? `127.0.0.${2 + (nextAddress++ % LOCAL_ADDRESSES)}` : undefined;
  return new Promise((resolve) => {
    const socket = connect({
      host: target.host,
      port: target.port,
      noDelay: true,
      ...(localAddress === undefined ? {} : { localAddress }),
      onread: { buffer, callback: (bytes) => dial.reader.onBytes(bytes) },
    });
    dial.onDialling(socket);
    const finish = (outcome: Socket | { code: string }) => {
      clearTimeout(timer);
      socket.off('connect', onConnect);
      socket.off('error', onError);
      socket.off('close', onClose);
      if ('code' in outcome) {
        socket.on('error', () => undefined);
        socket.destroy();
      }
      resolve(outcome);
    };
    const onConnect = () => finish(socket);
    const onError = (error: NodeJS.ErrnoException) => finish({ code: error.code ?? 'ECONNRESET' });
    const onClose = () => finish({ code: 'ECANCELED' });
    const timer = setTimeout(() => finish({ code: 'ETIMEDOUT' }), dial.connectMs);
    socket.on('connect', onConnect);
    socket.on('error', onError);
    socket.on('close', onClose);
  });
}
