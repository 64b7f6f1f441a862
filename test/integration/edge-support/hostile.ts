import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type AmfValue, encodeAmf0, encodeMessage, MessageType } from '@dolphin/media';
import { eventually } from '../../support/eventually.js';
import type { TestEdge } from './edge.js';

/** A chunk of any size, once this was said: whole messages in one. */
const WIDE = 0x7fffffff;

/** What a client that means no good has of its connection. */
export interface Hostile {
  readonly socket: Socket;
  isClosed(): boolean;
  /** Waits until the edge has cut it. */
  cut(what: string): Promise<void>;
}

/** `reads`: what comes is thrown away; otherwise it piles up where the kernel keeps it. */
export function open(t: TestContext, port: number, o: { reads: boolean }): Hostile {
  const socket = connect(port, '127.0.0.1');
  let closed = false;
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed = true;
  });
  t.after(() => socket.destroy());
  if (o.reads) socket.resume();
  else socket.pause();
  const isClosed = () => closed || socket.destroyed;
  return {
    socket,
    isClosed,
    cut: async (what) => {
      await eventually(isClosed, { what: `${what}: the edge cuts it` });
    },
  };
}

export const message = (typeId: number, payload: Buffer, chunkStream = 4, timestamp = 0) =>
  encodeMessage({ typeId, timestamp, streamId: 1, payload }, chunkStream, WIDE);

export const command = (...values: AmfValue[]) => message(MessageType.commandAmf0, encodeAmf0(...values), 3);

const chunkSize = () => {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(WIDE);
  return message(MessageType.setChunkSize, payload, 2);
};

/** The handshake and connect, without waiting for an answer, and what is to follow. */
export function rtmp(...parts: Buffer[]): Buffer {
  const handshake = Buffer.concat([Buffer.from([3]), Buffer.alloc(2 * 1536)]);
  return Buffer.concat([
    handshake,
    chunkSize(),
    command('connect', 1, { app: 'live', tcUrl: 'rtmp://h/live' }),
    ...parts,
  ]);
}

export const play = (stream: string) => command('play', 0, null, stream);
export const publish = (stream: string) => command('publish', 0, null, stream, 'live');

export const rssMb = (edge: TestEdge) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${edge.process.pid}/status`, 'utf8'))?.[1]) / 1024;
