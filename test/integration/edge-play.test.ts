import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { clientsOf, srs, startEdge, streamIsLive } from './edge-support/edge.js';

describe('an edge and its origin', { concurrency: true }, () => {
  it('give RTMP and HTTP-FLV players the source’s packets, from the start and late', async (t) => {
    const source = await sourcePackets(t);
    const origin = await startEdge(t);
    const edge = await startEdge(t, { origins: [origin.address] });
    const early = startRecording(t, edge.rtmp('livestream'), { seconds: 6 });
    await eventually(async () => (await clientsOf(edge)).length === 1, { what: 'the early player waits' });
    // An edge that pulls in vain tries again only every few seconds: the publish goes on while a new pull waits.
    const gate = await startFaultProxy(t, origin.rtmpPort);
    gate.holdServer();
    publishFile(t, `rtmp://127.0.0.1:${gate.port}/live/livestream`);
    await eventually(() => gate.heldChunks > 0, { what: 'the publisher is there' });
    await eventually(async () => (await clientsOf(origin)).some(({ publish, alive }) => !publish && alive < 1), {
      what: 'the edge has just begun to pull',
    });
    gate.release();
    await streamIsLive(edge, 'livestream');
    const recordings = [
      early,
      startRecording(t, edge.flv('livestream'), { seconds: 5 }),
      startRecording(t, origin.rtmp('livestream'), { seconds: 5 }),
      startRecording(t, origin.flv('livestream'), { seconds: 5 }),
      startRecording(t, edge.rtmp('livestream'), { seconds: 5 }),
    ];
    const received = await Promise.all(recordings.map((recording) => recording.done));
    received.forEach((each, i) => {
      assert.equal(each.stderr, '', `player ${i}`);
      assertContiguousRun(each, source, { minSeconds: 4, what: `player ${i}` });
    });
    const first = received[0];
    assert.ok(first && assertContiguousRun(first, source, { minSeconds: 5 }).videoStart === 0, 'early has the start');
  });

  it('pull once for all players, and stop after the last', async (t) => {
    const origin = await startEdge(t);
    const edge = await startEdge(t, { origins: [origin.address] });
    publishFile(t, origin.rtmp('livestream'));
    await streamIsLive(origin, 'livestream');
    const players = [1, 2, 3].map((i) =>
      startRecording(t, i === 2 ? edge.flv('livestream') : edge.rtmp('livestream'), { seconds: 60 }),
    );
    const pulls = async () => (await clientsOf(origin)).filter(({ publish }) => !publish).length;
    await eventually(async () => (await clientsOf(edge)).length === 3, { what: 'three play' });
    await eventually(async () => (await pulls()) === 1, { what: 'the edge pulls once' });
    for (const { process } of players) await process.stop('SIGKILL');
    await eventually(async () => (await pulls()) === 0, { what: 'the pull ends' });
    await eventually(async () => (await edge.api.streams()).streams.length === 0, { what: 'the stream is forgotten' });
  });

  it('serve a chain of edges: the last gets the source’s packets', async (t) => {
    const source = await sourcePackets(t);
    const origin = await startEdge(t, { form: '2015' });
    const middle = await startEdge(t, {
      origins: [origin.address],
      form: '2015',
      play: 'mw_latency 0;',
      vhost: 'min_latency on;',
    });
    const last = await startEdge(t, { origins: [middle.address], form: '2015' });
    publishFile(t, origin.rtmp('livestream'));
    await streamIsLive(origin, 'livestream');
    const received = await startRecording(t, last.flv('livestream'), { seconds: 4 }).done;
    assertContiguousRun(received, source, { minSeconds: 3 });
  });

  it('go to the next origin when one is dead', async (t) => {
    const source = await sourcePackets(t);
    const origin = await startEdge(t);
    const edge = await startEdge(t, { origins: ['127.0.0.1:1', origin.address] });
    publishFile(t, origin.rtmp('livestream'));
    await streamIsLive(origin, 'livestream');
    const received = await startRecording(t, edge.rtmp('livestream'), { seconds: 3 }).done;
    assertContiguousRun(received, source, { minSeconds: 2 });
  });

  it('pull again when the origin is back', async (t) => {
    const origin = await startEdge(t);
    const edge = await startEdge(t, { origins: [origin.address] });
    publishFile(t, origin.rtmp('livestream'));
    const player = startRecording(t, edge.rtmp('livestream'), { seconds: 60 });
    await eventually(() => player.soFar().video.length > 10, { what: 'it plays' });
    await origin.process.stop('SIGKILL');
    const ports = [origin.rtmpPort, origin.httpPort, Number(new URL(origin.apiBase).port)] as const;
    const again = await startEdge(t, { ports });
    publishFile(t, again.rtmp('livestream'));
    await streamIsLive(again, 'livestream');
    const before = player.soFar().video.length;
    await eventually(() => player.soFar().video.length > before + 10, { what: 'it plays on' });
    assert.equal(player.process.child.exitCode, null, 'the player was never cut');
  });

  it('play from a real SRS, and feed one', { skip: srs === undefined && 'SRS_BIN is not set' }, async (t) => {
    const source = await sourcePackets(t);
    const srsOrigin = await startEdge(t, { binary: srs ?? '' });
    const edge = await startEdge(t, { origins: [srsOrigin.address] });
    publishFile(t, edge.rtmp('up'));
    await streamIsLive(srsOrigin, 'up');
    const ours = await startEdge(t);
    const srsEdge = await startEdge(t, { binary: srs ?? '', origins: [ours.address] });
    publishFile(t, srsEdge.rtmp('up'));
    await streamIsLive(ours, 'up');
    const received = await Promise.all(
      [edge.rtmp('up'), edge.flv('up'), srsEdge.rtmp('up'), srsEdge.flv('up')].map(
        (url) => startRecording(t, url, { seconds: 4 }).done,
      ),
    );
    received.forEach((each, i) => {
      assertContiguousRun(each, source, { minSeconds: 3, what: `player ${i}` });
    });
  });
});
