import type { Socket } from 'node:net';

/** Byte `i` of a stream that never repeats within 16 MB: a byte out of place, doubled or lost shows at once. */
function fillCounter(buffer: Buffer, offset: number): Buffer {
  for (let i = 0; i < buffer.length; i++) {
    const at = offset + i;
    buffer[i] = (at ^ (at >>> 8) ^ (at >>> 16)) & 0xff;
  }
  return buffer;
}

/** Throws at the first byte that is not the next. */
export class CounterCheck {
  bytes = 0;
  push(chunk: Buffer): void {
    const expected = fillCounter(Buffer.alloc(chunk.length), this.bytes);
    if (!chunk.equals(expected)) {
      const wrong = chunk.findIndex((byte, index) => byte !== expected[index]);
      throw new Error(`byte ${this.bytes + wrong} is wrong`);
    }
    this.bytes += chunk.length;
  }
}

/** Writes `total` counter bytes as fast as the other side takes them, then ends. */
export async function sendCounter(socket: Socket, total: number, pieceBytes: number): Promise<void> {
  for (let offset = 0; offset < total; offset += pieceBytes) {
    const piece = fillCounter(Buffer.alloc(Math.min(pieceBytes, total - offset)), offset);
    if (!socket.write(piece)) await new Promise<void>((resume) => socket.once('drain', resume).once('close', resume));
    if (socket.destroyed) return;
  }
  socket.end();
}
