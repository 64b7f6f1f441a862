import { connect, type Socket } from 'node:net';
import { parseRtmpUrl, RtmpClientSession } from '@dolphin/media';

export type LoadProtocol = 'rtmp' | 'flv' | 'raw';

/** Where players connect to, and what they ask for there. `raw` reads whatever comes. */
export interface LoadTarget {
  protocol: LoadProtocol;
  url: string;
}

/** What one player of a load knows of itself. */
export interface LoadPlayer {
  /** Received since the first media, in bytes. */
  bytes: number;
  state: 'connecting' | 'playing' | 'failed' | 'gone';
  why: string;
  close(): void;
}

/** All sockets read into one buffer, one after the other: what is only counted need not be kept. */
const shared = Buffer.allocUnsafe(256 * 1024);
const MAX_HEAD_BYTES = 16 * 1024;

/**
 * A player that is as cheap as can be: it speaks RTMP or HTTP until the media come, and then only counts bytes.
 * `changed` is called at most twice: when it plays or fails, and when a playing one ends.
 */
export function openPlayer(target: LoadTarget, localAddress: string | undefined, changed: () => void): LoadPlayer {
  const { host, port } = endpointOf(target);
  const opening = openingOf(target);
  const player: LoadPlayer = { bytes: 0, state: 'connecting', why: '', close: () => socket.destroy() };
  const end = (why: string) => {
    socket.destroy();
    if (player.state === 'failed' || player.state === 'gone') return;
    player.state = player.state === 'playing' ? 'gone' : 'failed';
    player.why = why;
    changed();
  };
  const socket: Socket = connect({
    host,
    port,
    ...(localAddress === undefined ? {} : { localAddress }),
    noDelay: true,
    onread: {
      buffer: shared,
      callback: (length) => {
        if (player.state === 'playing') {
          player.bytes += length;
          return true;
        }
        try {
          const step = opening.push(Buffer.from(shared.subarray(0, length)));
          if (step.reply !== null) socket.write(step.reply);
          if (step.playing) {
            player.state = 'playing';
            changed();
          }
        } catch (error) {
          end(error instanceof Error ? error.message : String(error));
        }
        return true;
      },
    },
  });
  socket.on('connect', () => {
    const first = opening.start();
    if (first !== null) socket.write(first);
  });
  socket.on('error', (error) => end(error.message));
  socket.on('close', () => end('the server closed the connection'));
  return player;
}

/** The conversation up to the first media byte. push throws when the server refuses. */
interface Opening {
  start(): Buffer | null;
  push(data: Buffer): { reply: Buffer | null; playing: boolean };
}

export function endpointOf(target: LoadTarget): { host: string; port: number } {
  if (target.protocol === 'rtmp') return parseRtmpUrl(target.url);
  const url = new URL(target.url);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80) };
}

function openingOf(target: LoadTarget): Opening {
  switch (target.protocol) {
    case 'rtmp':
      return rtmpOpening(target.url);
    case 'flv':
      return flvOpening(target.url);
    case 'raw':
      return { start: () => null, push: () => ({ reply: null, playing: true }) };
  }
}

function rtmpOpening(url: string): Opening {
  const session = new RtmpClientSession({ mode: 'play', url: parseRtmpUrl(url) });
  return {
    start: () => {
      session.start();
      return session.takeOutput();
    },
    push: (data) => {
      let playing = false;
      for (const event of session.push(data)) {
        if (event.type === 'refused') throw new Error(`${event.code}: ${event.why}`);
        if (event.type === 'ended') throw new Error(event.why);
        playing ||= event.type === 'media';
      }
      return { reply: session.takeOutput(), playing };
    },
  };
}

function flvOpening(text: string): Opening {
  const url = new URL(text);
  let head = '';
  return {
    start: () => Buffer.from(`GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nAccept: */*\r\n\r\n`),
    push: (data) => {
      head += data.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0 && head.length > MAX_HEAD_BYTES) throw new Error('no end of the HTTP head');
      if (end < 0) return { reply: null, playing: false };
      const status = head.slice(0, head.indexOf('\r\n'));
      if (!/^HTTP\/1\.[01] 200 /.test(status)) throw new Error(status);
      return { reply: null, playing: head.length > end + 4 };
    },
  };
}
