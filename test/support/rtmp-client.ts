import { connect } from 'node:net';
import { type ConnectingClient, MessageType, parseRtmpUrl, RtmpClientSession, tcUrlOf } from '@dolphin/media';
import { onCleanup, type TestScope } from './cleanup.js';

/** Of Speex: no server looks into it. */
const SOUND = Buffer.from([0xb6, 0, 0, 0]);

export interface RtmpClient {
  /** The server agreed to play or publish. */
  readonly started: boolean;
  /** Messages of media that it got. */
  readonly media: number;
  /** The server's refusal, if it gave one. */
  readonly refusal: string;
  /** The connection is over. */
  readonly ended: boolean;
  /** Sends a message of media, once the server agreed to publish. */
  send(): void;
  /** Says goodbye, and hangs up. */
  stop(): void;
  /** Is gone without a word. */
  cut(): void;
}

/** A client that plays or publishes `url`, in the vhost that the URL's host names, on the server at `port` of this host. */
export function rtmpClient(
  t: TestScope,
  port: number,
  mode: 'play' | 'publish',
  url: string,
  who: Partial<ConnectingClient> = {},
): RtmpClient {
  const target = parseRtmpUrl(url);
  const client = { tcUrl: tcUrlOf(target), pageUrl: '', swfUrl: '', ...who };
  const session = new RtmpClientSession({ mode, url: target, client });
  const state = { started: false, media: 0, refusal: '', ended: false };
  const socket = connect(port, '127.0.0.1');
  onCleanup(t, () => socket.destroy());
  const flush = () => {
    const output = session.takeOutput();
    if (output !== null && !socket.destroyed) socket.write(output);
  };
  socket.on('connect', () => {
    session.start();
    flush();
  });
  socket.on('data', (data: Buffer) => {
    for (const event of session.push(data)) {
      if (event.type === 'started') state.started = true;
      else if (event.type === 'media') state.media += event.messages.length;
      else if (event.type === 'refused') state.refusal = event.code;
    }
    flush();
  });
  socket.on('error', () => undefined);
  socket.on('end', () => socket.end());
  socket.on('close', () => {
    state.ended = true;
  });
  return Object.assign(state, {
    send: () => {
      session.sendMedia({ typeId: MessageType.audio, timestamp: 0, streamId: 1, payload: SOUND });
      flush();
    },
    stop: () => {
      session.stop();
      flush();
      socket.end();
    },
    cut: () => socket.destroy(),
  });
}
