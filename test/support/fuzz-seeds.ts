import { readFileSync } from 'node:fs';
import {
  ChunkWriter,
  FlvReader,
  type FlvTag,
  MessageType,
  mediaChunkStream,
  parseRtmpUrl,
  RtmpClientSession,
  RtmpServerSession,
} from '@dolphin/media';
import { sampleFlv } from './paths.js';

/** As much of the sample as holds its headers, a key frame and some more of audio and video. */
const SAMPLE_BYTES = 60_000;

/** The beginning of a real FLV file, and its tags. */
export const sampleBytes: Buffer = readFileSync(sampleFlv).subarray(0, SAMPLE_BYTES);
export const sampleTags: readonly FlvTag[] = new FlvReader().push(sampleBytes);

/** The small ones: of a large one a mutation seldom meets a field. */
export const smallTags = sampleTags.filter(({ payload }) => payload.length < 1500).slice(0, 40);

/** The sample's messages as chunks: of 128 bytes, of 4096, and with times that need four bytes. */
export function chunkCorpus(): Buffer[] {
  return [128, 4096, 60_000].flatMap((chunkSize) =>
    [0, 0xfffffe, 0x7ffffff0].map((base) => {
      const writer = new ChunkWriter();
      const parts = [writer.setChunkSize(chunkSize)];
      for (const tag of smallTags.slice(0, 12)) {
        const timestamp = base + tag.timestamp;
        parts.push(writer.write({ ...tag, timestamp, streamId: 1 }, mediaChunkStream(tag.typeId)));
      }
      const control = Buffer.from([0, 0, 0x10, 0]);
      parts.push(writer.write({ typeId: MessageType.ack, timestamp: 0, streamId: 0, payload: control }, 2));
      return Buffer.concat(parts);
    }),
  );
}

/** What a player and a publisher of ours and their server say to each other, from the handshake on. */
export function conversations(): { toServer: Buffer[]; toClient: Buffer[] } {
  const toServer: Buffer[] = [];
  const toClient: Buffer[] = [];
  for (const mode of ['play', 'publish'] as const) {
    const client = new RtmpClientSession({ mode, url: parseRtmpUrl('rtmp://h/live/s?k=v'), hops: ['a', 'b'] });
    const server = new RtmpServerSession({ chunkSize: 4096 });
    const [up, down]: [Buffer[], Buffer[]] = [[], []];
    client.start();
    for (let turn = 0; turn < 12; turn++) {
      const asked = client.takeOutput() ?? Buffer.alloc(0);
      up.push(asked);
      for (const event of server.push(asked)) {
        if (event.type === 'connect') server.acceptConnect();
        else if (event.type === 'play') server.acceptPlay();
        else if (event.type === 'publish') server.acceptPublish();
      }
      const answered = server.takeOutput() ?? Buffer.alloc(0);
      down.push(answered);
      for (const event of client.push(answered)) {
        if (event.type !== 'started' || mode === 'play') continue;
        for (const tag of smallTags.slice(0, 6)) client.sendMedia({ ...tag, streamId: 1 });
      }
    }
    client.stop();
    up.push(client.takeOutput() ?? Buffer.alloc(0));
    toServer.push(Buffer.concat(up));
    toClient.push(Buffer.concat(down));
  }
  return { toServer, toClient };
}

/** Payloads of one kind from the sample. */
export function payloads(typeId: number, maxBytes = 1500): Buffer[] {
  const all = sampleTags.filter((tag) => tag.typeId === typeId).map(({ payload }) => payload.subarray(0, maxBytes));
  return all.slice(0, 30);
}
