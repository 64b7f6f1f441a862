import { connect } from 'node:net';
import { type FlvPlaylist, RtmpClientSession, type RtmpUrl } from '@dolphin/media';

/** From dialling to the server's consent. */
const START_DEADLINE_MS = 10_000;
/** Finer than a frame, coarse enough to cost nothing. */
const TICK_MS = 20;
/** Tags per tick: after a pause of this process it catches up in steps, not in one burst. */
const TAGS_PER_TICK = 200;
/** More than this unsent, and the playlist waits: 16 s of the sample. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** A server that takes nothing for this long is as good as gone. */
const STALL_DEADLINE_MS = 10_000;
/** For the goodbye to be written. */
const GOODBYE_MS = 500;

/** Why a connection ended; `started` tells that the server had agreed, and media was sent. */
export interface PublishEnd {
  why: 'played' | 'stopped' | 'refused' | 'lost';
  detail: string;
  started: boolean;
}

/** Publishes the playlist over one connection in real time, until it, the connection or the wish ends. Never rejects. */
export function publishOnce(
  url: RtmpUrl,
  playlist: FlvPlaylist,
  o: { signal: AbortSignal; onStarted: () => void },
): Promise<PublishEnd> {
  return new Promise((resolve) => {
    const session = new RtmpClientSession({ mode: 'publish', url });
    const socket = connect({ host: url.host, port: url.port, noDelay: true });
    let startedAt: number | null = null;
    let stalledSince: number | null = null;
    let over = false;
    let ticker: NodeJS.Timeout | undefined;

    const deadline = setTimeout(() => end('lost', 'no consent in time'), START_DEADLINE_MS);
    const stop = () => end('stopped', 'asked to stop');

    function end(why: PublishEnd['why'], detail: string): void {
      if (over) return;
      over = true;
      clearTimeout(deadline);
      clearInterval(ticker);
      o.signal.removeEventListener('abort', stop);
      if (why === 'played' || why === 'stopped') sayGoodbye();
      else socket.destroy();
      resolve({ why, detail, started: startedAt !== null });
    }

    function sayGoodbye(): void {
      session.stop();
      const bytes = session.takeOutput();
      if (bytes === null || socket.connecting) {
        socket.destroy();
        return;
      }
      socket.end(bytes);
      const timer = setTimeout(() => socket.destroy(), GOODBYE_MS);
      socket.once('close', () => clearTimeout(timer));
    }

    function flush(): void {
      const bytes = session.takeOutput();
      if (bytes !== null) socket.write(bytes);
    }

    function tick(): void {
      const now = performance.now();
      if (startedAt === null) return;
      if (socket.writableLength > MAX_UNSENT_BYTES) {
        stalledSince ??= now;
        if (now - stalledSince > STALL_DEADLINE_MS) end('lost', 'the server does not read');
        return;
      }
      stalledSince = null;
      for (const tag of playlist.due(now - startedAt, TAGS_PER_TICK)) session.sendMedia({ ...tag, streamId: 0 });
      flush();
      if (playlist.ended) end('played', 'the file is played');
    }

    function started(): void {
      clearTimeout(deadline);
      startedAt = performance.now();
      ticker = setInterval(tick, TICK_MS);
      o.onStarted();
    }

    function read(data: Buffer): void {
      if (over) return;
      for (const event of session.push(data)) {
        if (event.type === 'started') started();
        else if (event.type === 'refused') end('refused', `${event.code}: ${event.why}`);
        else if (event.type === 'ended') end('lost', event.why);
      }
      if (!over) flush();
    }

    o.signal.addEventListener('abort', stop);
    socket.on('connect', () => {
      session.start();
      flush();
    });
    socket.on('data', (data) => {
      try {
        read(data);
      } catch (error) {
        end('lost', error instanceof Error ? error.message : String(error));
      }
    });
    socket.on('error', (error) => end('lost', error.message));
    socket.on('close', () => end('lost', 'the connection was closed'));
    if (o.signal.aborted) stop();
  });
}
