import { once } from 'node:events';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import { MessageType, parseRtmpUrl, RtmpClientSession, tcUrlOf } from '@dolphin/media';

/** Of real H.264: SRS reads it, and ends a publisher whose header makes no sense. */
const SEQUENCE_HEADER = Buffer.from(
  '1700000000014d401effe10023674d401eda0280bfe5c044000003000400000300cb800006ddc000dbbb928801e2c5d401000468ef3c80',
  'hex',
);
const FPS = 25;
const GOP_FRAMES = 25;

export interface RawPublisher {
  /** Frames sent so far; each carries its number in its last four bytes. */
  frames(): number;
  stop(): void;
  /** Ends it without a word, as a kill does. */
  cut(): void;
}

/**
 * Publishes made-up video of any bitrate: key frames each second, `frameBytes` a frame, at 25 frames a second. The
 * frames' numbers count from 0. `frameMs`: how much later the next frame is by its timestamp.
 */
export async function publishRaw(
  t: TestContext,
  url: string,
  o: { frameBytes: number; fps?: number; frameMs?: number; pageUrl?: string },
): Promise<RawPublisher> {
  const target = parseRtmpUrl(url);
  const client = { tcUrl: tcUrlOf(target), pageUrl: o.pageUrl ?? '', swfUrl: '' };
  const session = new RtmpClientSession({ mode: 'publish', url: target, client });
  const socket = connect(target.port, target.host);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  const flush = () => {
    const output = session.takeOutput();
    if (output !== null && !socket.destroyed) socket.write(output);
  };
  const started = new Promise<void>((resolve, reject) => {
    socket.on('data', (data: Buffer) => {
      for (const event of session.push(data)) {
        if (event.type === 'started') resolve();
        if (event.type === 'refused') reject(new Error(event.why));
      }
      flush();
    });
  });
  session.start();
  flush();
  await started;
  session.sendMedia({ typeId: MessageType.video, timestamp: 0, streamId: 1, payload: SEQUENCE_HEADER });
  let frames = 0;
  const send = () => {
    // What the server does not take is not piled up here.
    if (socket.writableLength > 4 * o.frameBytes) return;
    const payload = Buffer.alloc(o.frameBytes);
    const isKey = frames % GOP_FRAMES === 0;
    Buffer.from([isKey ? 0x17 : 0x27, 1, 0, 0, 0, 0, 0, 0, 0, isKey ? 0x65 : 0x41]).copy(payload);
    // One NAL unit, as long as it says.
    payload.writeUInt32BE(o.frameBytes - 9, 5);
    payload.writeUInt32BE(frames, o.frameBytes - 4);
    session.sendMedia({ typeId: MessageType.video, timestamp: frames * (o.frameMs ?? 40), streamId: 1, payload });
    frames++;
    flush();
  };
  const timer = setInterval(send, 1000 / (o.fps ?? FPS));
  t.after(() => clearInterval(timer));
  return {
    frames: () => frames,
    stop: () => {
      clearInterval(timer);
      session.stop();
      flush();
      socket.end();
    },
    cut: () => {
      clearInterval(timer);
      socket.destroy();
    },
  };
}
