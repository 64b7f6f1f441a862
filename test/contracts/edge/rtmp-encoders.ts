import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type AmfObject, type AmfValue, encodeAmf0, MessageType } from '@dolphin/media';
import { startEdge, type TestEdge } from '../../integration/edge-support/edge.js';
import { eventually } from '../../support/eventually.js';
import { commandOf, RtmpPeer } from '../../support/rtmp-peer.js';
import { type SampleTags, sampleTags } from '../../support/sample-tags.js';
import type { EdgeUnderTest } from './edge-under-test.js';

/** A command on a message stream, and whether the encoder waits for its result. */
interface Step {
  readonly on: 0 | 1;
  readonly name: string;
  readonly transaction: number;
  readonly values: readonly AmfValue[];
  readonly waits: boolean;
}

/** What an encoder says before, with and after its stream. Streams are named s. */
interface Encoder {
  readonly name: string;
  /** As SRS lists it. */
  readonly type: string;
  readonly connect: AmfObject;
  readonly wrapsInAmf3?: true;
  readonly begins: readonly Step[];
  readonly ends: readonly Step[];
}

const step = (on: 0 | 1, name: string, transaction: number, ...values: AmfValue[]): Step => ({
  on,
  name,
  transaction,
  values,
  waits: false,
});
const wait = (each: Step): Step => ({ ...each, waits: true });

/** Recorded of ffmpeg 5.1; of the others as their documentation and captures have it. */
const ENCODERS: readonly Encoder[] = [
  {
    name: 'ffmpeg',
    type: 'fmle-publish',
    connect: { type: 'nonprivate', flashVer: 'FMLE/3.0 (compatible; Lavf59.27.100)' },
    begins: [
      step(0, 'releaseStream', 2, null, 's'),
      step(0, 'FCPublish', 3, null, 's'),
      wait(step(0, 'createStream', 4, null)),
      step(0, '_checkbw', 5, null),
      step(1, 'publish', 6, null, 's', 'live'),
    ],
    ends: [step(0, 'FCUnpublish', 7, null, 's'), step(0, 'deleteStream', 8, null, 1)],
  },
  {
    name: 'OBS',
    type: 'fmle-publish',
    connect: {
      type: 'nonprivate',
      flashVer: 'FMLE/3.0 (compatible; FMSc/1.0)',
      swfUrl: 'rtmp://h/live',
      fpad: false,
      capabilities: 239,
    },
    begins: [
      step(0, 'releaseStream', 2, null, 's'),
      step(0, 'FCPublish', 3, null, 's'),
      wait(step(0, 'createStream', 4, null)),
      step(1, 'publish', 5, null, 's', 'live'),
    ],
    ends: [step(0, 'FCUnpublish', 6, null, 's'), step(0, 'deleteStream', 7, null, 1)],
  },
  {
    name: 'FMLE',
    type: 'fmle-publish',
    connect: { type: 'nonprivate', flashVer: 'FMLE/3.0 (compatible; FMSc/1.0)', objectEncoding: 0 },
    begins: [
      wait(step(0, 'releaseStream', 2, null, 's')),
      wait(step(0, 'FCPublish', 3, null, 's')),
      wait(step(0, 'createStream', 4, null)),
      step(1, 'publish', 5, null, 's', 'live'),
    ],
    ends: [wait(step(0, 'FCUnpublish', 6, null, 's')), step(0, 'deleteStream', 0, null, 1)],
  },
  {
    name: 'Flash with AMF3',
    type: 'flash-publish',
    connect: { flashVer: 'WIN 32,0,0,344', swfUrl: 'http://h/p.swf', pageUrl: 'http://h/', objectEncoding: 3 },
    wrapsInAmf3: true,
    begins: [wait(step(0, 'createStream', 2, null)), step(1, 'publish', 0, null, 's', 'live')],
    ends: [step(1, 'closeStream', 0, null), step(0, 'deleteStream', 0, null, 1)],
  },
  {
    name: 'Haivision',
    type: 'haivision-publish',
    connect: { flashVer: 'FMLE/3.0' },
    begins: [
      wait(step(0, '_checkbw', 2, null)),
      wait(step(0, 'createStream', 3, null)),
      wait(step(0, 'FCPublish', 4, null, 's')),
      step(1, 'publish', 5, null, 's', 'live'),
    ],
    ends: [wait(step(0, 'FCUnpublish', 6, null, 's'))],
  },
];

/** Encoders as they talk: each publishes, ends, and publishes again on the same connection. */
export function rtmpEncoders(edge: EdgeUnderTest): void {
  it('take what each of the known encoders says, twice on one connection', async (t) => {
    const server = await startEdge(t, edge);
    const sample = await sampleTags();
    for (const encoder of ENCODERS) {
      try {
        const tcUrl = `rtmp://127.0.0.1:${server.rtmpPort}/live`;
        const peer = await RtmpPeer.connected(t, server.rtmpPort, tcUrl, encoder.connect);
        for (const round of ['first', 'second']) {
          await publishAndEnd(server, peer, encoder, sample, `${encoder.name}, ${round}`);
        }
        assert.equal(peer.closed, false);
        peer.destroy();
      } catch (cause) {
        throw new Error(`as ${encoder.name}`, { cause });
      }
    }
  });

  it('end a publish where the encoder hangs up without a word', async (t) => {
    const server = await startEdge(t, edge);
    const [ffmpeg] = ENCODERS;
    assert.ok(ffmpeg);
    const peer = await RtmpPeer.connected(t, server.rtmpPort, `rtmp://127.0.0.1:${server.rtmpPort}/live`);
    await say(peer, ffmpeg, ffmpeg.begins);
    await peer.status('NetStream.Publish.Start');
    sendFrames(peer, await sampleTags());
    await isPublished(server, true);
    peer.destroy();
    await isPublished(server, false);
  });
}

async function publishAndEnd(
  server: TestEdge,
  peer: RtmpPeer,
  encoder: Encoder,
  sample: SampleTags,
  what: string,
): Promise<void> {
  await say(peer, encoder, encoder.begins);
  if (encoder.type !== 'flash-publish') {
    const answer = await peer.status('NetStream.Publish.Start');
    assert.equal(answer.values[0], 'onFCPublish', what);
  }
  const answer = await peer.status('NetStream.Publish.Start');
  assert.deepEqual([answer.values[0], answer.streamId], ['onStatus', 1], what);
  sendFrames(peer, sample);
  await isPublished(server, true);
  const { clients } = await server.api.clients();
  assert.deepEqual(
    clients.filter(({ publish }) => publish).map(({ type }) => type),
    [encoder.type],
    what,
  );
  await say(peer, encoder, encoder.ends);
  await isPublished(server, false);
}

async function say(peer: RtmpPeer, encoder: Encoder, steps: readonly Step[]): Promise<void> {
  const typeId = encoder.wrapsInAmf3 ? MessageType.commandAmf3 : MessageType.commandAmf0;
  for (const { on, name, transaction, values, waits } of steps) {
    peer.send(commandOf(typeId, on, name, transaction, ...values));
    if (waits) await peer.result(transaction);
  }
}

function sendFrames(peer: RtmpPeer, { metadata, videoHeader, audioHeader, frames }: SampleTags): void {
  const setDataFrame = Buffer.concat([encodeAmf0('@setDataFrame'), metadata.payload]);
  for (const tag of [{ ...metadata, payload: setDataFrame }, videoHeader, audioHeader, ...frames.slice(0, 40)]) {
    peer.send({ ...tag, streamId: 1 }, 4);
  }
}

async function isPublished(server: TestEdge, published: boolean): Promise<void> {
  await eventually(
    async () => {
      const { streams } = await server.api.streams();
      const row = streams.find(({ name }) => name === 's');
      return published === (row?.publish.active === true && row.recv_bytes > 0);
    },
    { what: published ? 'the stream is there' : 'the stream is over' },
  );
}
