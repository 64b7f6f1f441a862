import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FlvTag, RtmpMessage } from '@dolphin/media';
import { player, publisher } from '../contracts/edge/rtmp-support.js';
import { eventually } from '../support/eventually.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { sampleTags } from '../support/sample-tags.js';
import { clientsOf, startEdge, streamIsLive } from './edge-support/edge.js';

describe('a publish', { concurrency: true }, () => {
  it('on an edge goes up the chain to the origin, and ends there at once when it ends', async (t) => {
    const source = await sourcePackets(t);
    // Far longer than the test waits: the end must come down the chain, silence is not enough.
    const vhost = 'publish { normal_timeout 600000; }';
    const origin = await startEdge(t, { vhost });
    const middle = await startEdge(t, { vhost, origins: [origin.address] });
    const edge = await startEdge(t, { vhost, origins: [middle.address] });
    const publisher = publishFile(t, edge.rtmp('up'));
    await streamIsLive(origin, 'up');
    const received = await startRecording(t, edge.flv('up'), { seconds: 4 }).done;
    assertContiguousRun(received, source, { minSeconds: 3 });
    await publisher.stop('SIGKILL');
    await eventually(async () => (await clientsOf(origin)).every(({ publish }) => !publish), {
      what: 'the origin has no publisher',
    });
  });

  it('is refused while somebody publishes that stream, here or upstream', async (t) => {
    const origin = await startEdge(t);
    const edge = await startEdge(t, { origins: [origin.address] });
    publishFile(t, origin.rtmp('taken'));
    await streamIsLive(origin, 'taken');
    for (const url of [origin.rtmp('taken'), edge.rtmp('taken')]) {
      const second = publishFile(t, url);
      const { code } = await second.ends();
      assert.notEqual(code, 0);
      assert.match(second.stderr(), /published already|Operation not permitted/);
    }
    await eventually(async () => (await clientsOf(origin)).filter(({ publish }) => publish).length === 1, {
      what: 'the first one alone publishes',
    });
  });

  it('on an edge ends when its upstream dies', async (t) => {
    const origin = await startEdge(t);
    const edge = await startEdge(t, { origins: [origin.address] });
    const publisher = publishFile(t, edge.rtmp('up'));
    await streamIsLive(origin, 'up');
    await origin.process.stop('SIGKILL');
    const { code } = await publisher.ends();
    assert.notEqual(code, 0);
    await eventually(async () => (await clientsOf(edge)).length === 0, { what: 'the edge has no client' });
  });

  it('goes on for players that wait when the publisher comes again', async (t) => {
    const origin = await startEdge(t);
    const edge = await startEdge(t, { origins: [origin.address] });
    const first = publishFile(t, origin.rtmp('again'));
    const players = [
      startRecording(t, origin.rtmp('again'), { seconds: 60 }),
      startRecording(t, origin.flv('again'), { seconds: 60 }),
      startRecording(t, edge.flv('again'), { seconds: 60 }),
    ];
    const counts = () => players.map((player) => player.soFar().video.length);
    await eventually(() => counts().every((count) => count > 20), { what: 'all play' });
    await first.stop('SIGKILL');
    await eventually(async () => (await clientsOf(origin)).every(({ publish }) => !publish), { what: 'it is gone' });
    const before = counts();
    publishFile(t, origin.rtmp('again'));
    await eventually(() => counts().every((count, i) => count > (before[i] ?? 0) + 50), { what: 'all play on' });
    for (const { process } of players) assert.equal(process.child.exitCode, null);
  });

  it('is heard to its last frame that came when an operator ends it, and when its edge ends', async (t) => {
    const { videoHeader, frames } = await sampleTags();
    const [first, second, last] = frames.filter(({ typeId }) => typeId === 9) as [FlvTag, FlvTag, FlvTag];
    const isOf = (tag: FlvTag) => (message: RtmpMessage) => message.payload.equals(tag.payload);
    // The last frame waits for the next beat; or it is read at once, and waits in the open slab.
    for (const vhost of ['', 'publish { mr off; }']) {
      const edge = await startEdge(t, { vhost });
      const ends: readonly (() => Promise<unknown>)[] = [
        async () => edge.api.deleteClient((await clientsOf(edge)).find(({ publish }) => publish)?.id ?? ''),
        () => edge.process.stop('SIGTERM'),
      ];
      for (const [i, end] of ends.entries()) {
        const { send } = await publisher(t, edge, `ends-${i}`);
        const peer = await player(t, edge, `ends-${i}`);
        send(videoHeader, first);
        await peer.next('a frame', isOf(first));
        send(second);
        await peer.next('the next frame', isOf(second));
        // A slab went out just now: what comes is not due yet.
        send(last);
        await end();
        await peer.next('the last frame', isOf(last));
      }
    }
  });

  it('in a loop of edges is refused, and so is a pull', async (t) => {
    const [a, b] = [
      await startEdge(t, { serverId: 'loop-a', origins: ['127.0.0.1:1'] }),
      await startEdge(t, { serverId: 'loop-b', origins: ['127.0.0.1:1'] }),
    ];
    // Now that the ports are known, each becomes the other's origin.
    const portsOf = (edge: typeof a) => [edge.rtmpPort, edge.httpPort, Number(new URL(edge.apiBase).port)] as const;
    await Promise.all([a.process.stop(), b.process.stop()]);
    const a2 = await startEdge(t, { serverId: 'loop-a', origins: [b.address], ports: portsOf(a) });
    const b2 = await startEdge(t, { serverId: 'loop-b', origins: [a.address], ports: portsOf(b) });
    const publisher = publishFile(t, a2.rtmp('round'));
    const { code } = await publisher.ends();
    assert.notEqual(code, 0);
    startRecording(t, b2.rtmp('round'), { seconds: 60 });
    await eventually(() => /a loop of edges/.test(a2.process.output() + b2.process.output()), {
      what: 'the loop shows',
    });
    const total = (await clientsOf(a2)).length + (await clientsOf(b2)).length;
    assert.ok(total <= 3, `${total} clients: the loop feeds on itself`);
  });
});
