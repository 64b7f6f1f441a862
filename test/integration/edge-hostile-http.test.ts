import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../support/eventually.js';
import { assertContiguousRun, looped, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { clientsOf, startEdge, streamIsLive, type TestEdge } from './edge-support/edge.js';
import { type Hostile, open, rssMb } from './edge-support/hostile.js';
import { publishRaw } from './edge-support/raw-publisher.js';

/**
 * An edge at rest has 70 MB; a ring of the fat stream here may have 16 MiB and its forms, what slow players alone hold
 * 128 MiB; the rest is garbage that is not collected yet.
 */
const MAX_RSS_MB = 500;
const GOOD_SECONDS = 12;
/** A slab of it is 256 KiB: two hundred of them are what so many players may be writing. */
const FAT_FRAME_BYTES = 60_000;
const SLOW_MS = 100;

const PLAY = 'GET /live/livestream.flv HTTP/1.1\r\nHost: h\r\n\r\n';
const PLAY_FAT = 'GET /live/fat.flv HTTP/1.1\r\nHost: h\r\n\r\n';

function attack(t: TestContext, edge: TestEdge, text: string, reads = true): Hostile {
  const hostile = open(t, edge.httpPort, { reads });
  hostile.socket.write(text);
  return hostile;
}

const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));

/** Writes `text` byte by byte, each in a segment of its own, until it is cut. */
function drip(t: TestContext, hostile: Hostile, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (hostile.isClosed()) clearInterval(timer);
    else hostile.socket.write(text[at++ % text.length] as string);
  }, SLOW_MS);
  t.after(() => clearInterval(timer));
}

describe('an edge among hostile HTTP clients', () => {
  it('keeps its memory bounded, and its good player misses nothing', async (t) => {
    const source = looped(await sourcePackets(t), 5);
    const edge = await startEdge(t, { maxConnections: 2000, play: 'queue_length 20; mw_latency 350;' });
    publishFile(t, edge.rtmp('livestream'), { loop: true });
    await publishRaw(t, edge.rtmp('fat'), { frameBytes: FAT_FRAME_BYTES, fps: 50, frameMs: 200 });
    await Promise.all([streamIsLive(edge, 'livestream'), streamIsLive(edge, 'fat')]);
    const good = startRecording(t, edge.flv('livestream'), { seconds: GOOD_SECONDS });
    await eventually(() => good.soFar().video.length > 10, { what: 'the good player plays' });

    // Players that read nothing, that read a byte now and then, and that talk while they play.
    many(200, () => attack(t, edge, PLAY_FAT, false));
    many(20, () => {
      const { socket } = attack(t, edge, PLAY_FAT, false);
      const timer = setInterval(() => void socket.read(1), SLOW_MS);
      t.after(() => clearInterval(timer));
    });
    const talking = many(10, () => attack(t, edge, `${PLAY}${'x'.repeat(300_000)}`));
    // Heads that come byte by byte, that do not end, or are none; and requests one behind the other.
    const slow = many(200, () => attack(t, edge, 'GET /'));
    for (const each of slow) drip(t, each, 'live/livestream.flv?');
    const endless = many(20, () => attack(t, edge, `GET / HTTP/1.1\r\n${'X-A: b\r\n'.repeat(20_000)}`));
    // Calls of the API that stay halves; they are cut before somebody who asks no more on the public port.
    const ended: string[] = [];
    const idle = attack(t, edge, 'GET /none HTTP/1.1\r\nHost: h\r\n\r\n');
    idle.socket.once('close', () => ended.push('idle'));
    const calls = many(50, () => open(t, Number(new URL(edge.apiBase).port), { reads: true }));
    calls.forEach((each, i) => {
      if (i % 2 === 0) each.socket.write('GET /api/v1/ver');
      each.socket.once('close', () => ended.push('call'));
    });
    const garbage = many(20, () => attack(t, edge, '\0\x01\x02 HTTP/1.1\r\n\r\n'.repeat(1000)));
    const piped = many(20, () => attack(t, edge, 'GET /none HTTP/1.1\r\n\r\n'.repeat(5000), false));
    assert.equal(piped.length, 20);
    await Promise.all([
      ...talking.map((each) => each.cut('a player that talks')),
      ...slow.map((each) => each.cut('a head that takes too long')),
      ...endless.map((each) => each.cut('a head without end')),
      ...calls.map((each) => each.cut('half a call')),
      ...garbage.map((each) => each.cut('garbage')),
    ]);
    assert.deepEqual(
      ended.slice(0, calls.length),
      calls.map(() => 'call'),
    );
    assertContiguousRun(await good.done, source, { minSeconds: GOOD_SECONDS - 1 });
    const mb = rssMb(edge);
    t.diagnostic(`${Math.round(mb)} MB`);
    assert.ok(mb < MAX_RSS_MB, `${mb} MB`);
    assert.doesNotMatch(edge.process.output(), /a connection failed/, 'all bad input was known to be bad');
  });

  it('has a place for a player, however many connect and say nothing', async (t) => {
    const source = looped(await sourcePackets(t), 5);
    const edge = await startEdge(t, { maxConnections: 100 });
    publishFile(t, edge.rtmp('livestream'), { loop: true });
    await streamIsLive(edge, 'livestream');
    const again = (port: number) => {
      const hostile = open(t, port, { reads: true });
      hostile.socket.once('close', () => {
        if (!over) setTimeout(() => again(port), SLOW_MS);
      });
    };
    let over = false;
    t.after(() => {
      over = true;
    });
    many(75, () => [edge.rtmpPort, edge.httpPort].forEach(again));
    await eventually(async () => (await edge.api.summaries()).data.system.conn_srs >= 100, { what: 'it is full' });
    const found = await eventually(
      async () => {
        const player = startRecording(t, edge.flv('livestream'), { seconds: 3 });
        const received = await player.done;
        return received.video.length > 50 ? received : null;
      },
      { what: 'a player has a place' },
    );
    assertContiguousRun(found, source, { minSeconds: 2 });
    assert.ok(
      (await clientsOf(edge)).some(({ publish }) => publish),
      'and the publisher kept its own',
    );
  });
});
