import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { FlvReader, isVideoSequenceHeader, MessageType, parseRtmpUrl, RtmpClientSession } from '@dolphin/media';
import { NotServedError, START_DEADLINE_MS } from './load.js';
import { stampedFrame, stampOf } from './stamped-frame.js';
import { SAMPLE } from './start-program.js';

const FRAME_MS = 40;
/** The cached GOP, whose frames are old on purpose, has come. */
const SETTLE_MS = 3000;

/**
 * Publishes stamped frames to one URL and plays them from another, in this process, so that there is one clock.
 * `delaysMs` has a value for each frame and player: from before the publisher's write to the player's read.
 */
export async function probeLatency(o: {
  publishTo: string;
  playFrom: string;
  players: number;
  seconds: number;
}): Promise<{ delaysMs: number[]; published: number }> {
  const sockets: Socket[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    const publisher = dial('publish', o.publishTo, () => undefined);
    sockets.push(publisher.socket);
    await publisher.started;
    let published = 0;
    timer = publishFrames(publisher, () => published++);
    const delays: number[] = [];
    let counts = false;
    const players = Array.from({ length: o.players }, () =>
      dial('play', o.playFrom, (stampMs, nowMs) => {
        if (counts) delays.push(nowMs - stampMs);
      }),
    );
    sockets.push(...players.map(({ socket }) => socket));
    await Promise.all(players.map(({ started }) => started));
    await wait(SETTLE_MS);
    counts = true;
    const before = published;
    await wait(o.seconds * 1000);
    return { delaysMs: delays, published: published - before };
  } finally {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  }
}

interface Dialled {
  socket: Socket;
  session: RtmpClientSession;
  flush(): void;
  started: Promise<void>;
}

function dial(mode: 'play' | 'publish', text: string, onStamp: (stampMs: number, nowMs: number) => void): Dialled {
  const url = parseRtmpUrl(text);
  const session = new RtmpClientSession({ mode, url });
  const socket = connect({ host: url.host, port: url.port, noDelay: true });
  const flush = () => {
    const output = session.takeOutput();
    if (output !== null) socket.write(output);
  };
  const started = new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new NotServedError(`${mode} ${text}: ${why}`));
    const late = setTimeout(() => fail('no answer'), START_DEADLINE_MS);
    socket.on('connect', () => {
      session.start();
      flush();
    });
    socket.on('data', (data: Buffer) => {
      const nowMs = performance.now();
      for (const event of session.push(data)) {
        if (event.type === 'started') {
          clearTimeout(late);
          resolve();
        } else if (event.type === 'media') {
          for (const message of event.messages) {
            const stampMs = stampOf(message);
            if (stampMs !== null) onStamp(stampMs, nowMs);
          }
        } else fail(event.why);
      }
      flush();
    });
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => {
      clearTimeout(late);
      fail('the connection was closed');
    });
  });
  return { socket, session, flush, started };
}

function publishFrames({ session, flush }: Dialled, onFrame: () => void): NodeJS.Timeout {
  const header = new FlvReader()
    .push(readFileSync(SAMPLE))
    .find(({ typeId, payload }) => typeId === MessageType.video && isVideoSequenceHeader(payload));
  if (header === undefined) throw new Error(`${SAMPLE} has no video`);
  session.sendMedia({ ...header, timestamp: 0, streamId: 0 });
  flush();
  let index = 0;
  return setInterval(() => {
    session.sendMedia(stampedFrame(index, index * FRAME_MS, performance.now()));
    index++;
    flush();
    onFrame();
  }, FRAME_MS);
}
