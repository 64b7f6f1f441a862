import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { FlvReader, MessageType } from '@dolphin/media';
import { eventually } from '../support/eventually.js';
import { startEdge, streamIsLive, type TestEdge } from './edge-support/edge.js';
import { publishRaw } from './edge-support/raw-publisher.js';

/** 20 MB/s: what the kernel's buffers hold is a quarter of a second of it. */
const FRAME_BYTES = 100_000;
const FPS = 200;
/**
 * After so long without taking anything a player is closed; so much of the stream the edge keeps. The first is in real time,
 * and more than a busy machine needs for what follows; the second in the stream's, of which a frame has much.
 */
const QUEUE_S = 10;
const FRAME_MS = 200;

interface FlvPlayer {
  readonly socket: Socket;
  /** Numbers of the video frames so far. */
  readonly frames: { number: number; isKey: boolean }[];
  isClosed(): boolean;
}

function playFlv(t: TestContext, edge: TestEdge, stream: string): FlvPlayer {
  const socket = connect(edge.httpPort, '127.0.0.1');
  t.after(() => socket.destroy());
  const frames: FlvPlayer['frames'] = [];
  const reader = new FlvReader();
  let head: Buffer | null = Buffer.alloc(0);
  let closed = false;
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed = true;
  });
  socket.write(`GET /live/${stream}.flv HTTP/1.0\r\n\r\n`);
  socket.on('data', (data: Buffer) => {
    let body = data;
    if (head !== null) {
      head = Buffer.concat([head, data]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      body = head.subarray(end + 4);
      head = null;
    }
    for (const { typeId, payload } of reader.push(body)) {
      if (typeId !== MessageType.video || payload[1] === 0) continue;
      frames.push({ number: payload.readUInt32BE(payload.length - 4), isKey: payload[0] === 0x17 });
    }
  });
  return { socket, frames, isClosed: () => closed };
}

const rssMb = (edge: TestEdge) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${edge.process.pid}/status`, 'utf8'))?.[1]) / 1024;

describe('a player of an edge that is slower than its stream', () => {
  it('goes on at a later key frame, after whole frames; one that reads nothing is closed; others miss nothing', async (t) => {
    const edge = await startEdge(t, { play: `queue_length ${QUEUE_S}; mw_latency 100;` });
    await publishRaw(t, edge.rtmp('fat'), { frameBytes: FRAME_BYTES, fps: FPS, frameMs: FRAME_MS });
    await streamIsLive(edge, 'fat');
    const [good, slow, deaf] = [playFlv(t, edge, 'fat'), playFlv(t, edge, 'fat'), playFlv(t, edge, 'fat')];
    await eventually(() => [good, slow, deaf].every(({ frames }) => frames.length > 5), { what: 'all play' });
    deaf.socket.pause();
    slow.socket.pause();
    const lag = good.frames.length;
    // More than the ring and the kernel hold.
    await eventually(() => good.frames.length > lag + 250, { what: 'the stream goes on' });
    const before = slow.frames.length;
    slow.socket.resume();
    await eventually(
      () => {
        assert.equal(slow.isClosed(), false);
        return slow.frames.length > before + 300;
      },
      { what: 'the slow one goes on' },
    );
    const told = (what: RegExp) => eventually(() => what.test(edge.process.output()), { what: `${what} is told` });
    await told(/"jumps":[1-9]/);
    await told(/"slowClosed":1/);
    assert.ok(rssMb(edge) < 400, `${rssMb(edge)} MB`);

    const gapsOf = ({ frames }: FlvPlayer) =>
      frames.filter((frame, i) => i > 0 && frame.number !== (frames[i - 1]?.number ?? 0) + 1);
    assert.deepEqual(gapsOf(good), [], 'the good player missed nothing');
    const gaps = gapsOf(slow);
    assert.ok(gaps.length > 0, 'the slow player jumped');
    assert.ok(
      gaps.every(({ isKey }) => isKey),
      'to key frames',
    );
  });
});
