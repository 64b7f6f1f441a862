import type { FlvTag } from '@dolphin/media';
import type { TestEdge } from '../../integration/edge-support/edge.js';
import type { TestScope } from '../../support/cleanup.js';
import { eventually } from '../../support/eventually.js';
import { RtmpPeer } from '../../support/rtmp-peer.js';

/** Else SRS keeps the last messages back until others come. */
export const AT_ONCE = { vhost: 'min_latency on;', play: 'mw_latency 0;' };

export const tcUrlOf = (server: TestEdge) => `rtmp://127.0.0.1:${server.rtmpPort}/live`;

/** Publishes as Flash does, which takes the fewest words. */
export async function publisher(t: TestScope, server: TestEdge, name: string, tcUrl = tcUrlOf(server)) {
  const peer = await RtmpPeer.connected(t, server.rtmpPort, tcUrl);
  peer.command('createStream', 2, null);
  await peer.result(2);
  peer.onStream('publish', 0, null, name, 'live');
  await peer.status('NetStream.Publish.Start');
  return {
    peer,
    send: (...tags: readonly FlvTag[]) => {
      for (const tag of tags) peer.send({ ...tag, streamId: 1 }, tag.typeId === 8 ? 4 : 6);
    },
    /** Ends the stream, and waits until the server knows. */
    end: async () => {
      peer.onStream('closeStream', 0, null);
      await eventually(async () => !(await isPublished(server, name)), { what: `${name} is over` });
    },
  };
}

export async function player(t: TestScope, server: TestEdge, name: string, tcUrl = tcUrlOf(server)) {
  const peer = await RtmpPeer.connected(t, server.rtmpPort, tcUrl);
  peer.command('createStream', 2, null);
  await peer.result(2);
  peer.onStream('play', 0, null, name, -2000);
  await peer.status('NetStream.Play.Start');
  return peer;
}

export async function isPublished(server: TestEdge, stream: string): Promise<boolean> {
  const { streams } = await server.api.streams();
  return streams.some(({ name, publish }) => name === stream && publish.active);
}
