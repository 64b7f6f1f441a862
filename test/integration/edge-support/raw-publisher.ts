import { once } from 'node:events';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import { MessageType, parseRtmpUrl, RtmpClientSession } from '@dolphin/media';

const SEQUENCE_HEADER = Buffer.from('1700000000014d401effe1000467424000010004' + '68ce3c80', 'hex');
const FPS = 25;
const GOP_FRAMES = 25;

export interface RawPublisher {
  /** Frames sent so far; each carries its number in its last four bytes. */
  frames(): number;
  stop(): void;
}

/**
 * Publishes made-up video of any bitrate: key frames each second, `frameBytes` a frame, at 25 frames a second. The
 * frames' numbers count from 0. `frameMs`: how much later the next frame is by its timestamp.
 */
export async function publishRaw(
  t: TestContext,
  url: string,
  o: { frameBytes: number; fps?: number; frameMs?: number },
): Promise<RawPublisher> {
  const target = parseRtmpUrl(url);
  const session = new RtmpClientSession({ mode: 'publish', url: target });
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
    Buffer.from(frames % GOP_FRAMES === 0 ? [0x17, 1, 0, 0, 0] : [0x27, 1, 0, 0, 0]).copy(payload);
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
  };
}
