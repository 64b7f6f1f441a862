import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { TestFarm } from '../support/farm.js';
import { assertContiguousRun, looped, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { seededRandom } from '../support/random.js';

const INPUTS = 1000;
const AT_ONCE = 20;
const SEED = 20150612;
const LONG_S = 600;
const SOURCE_S = 64;

it(`${INPUTS} seeded random inputs into each listening port disturb no player`, async (t) => {
  const [farm, source] = await Promise.all([TestFarm.start(t, { edges: 2 }), sourcePackets(t)]);
  publishFile(t, farm.rtmpUrl, { loop: true });
  // Longer than it all takes on a slow machine: they play until they are told to stop.
  const players = [farm.rtmpUrl, farm.flvUrl].map((url) => startRecording(t, url, { seconds: LONG_S }));
  await eventually(() => players.every((player) => player.soFar().video.length > 25), {
    what: 'both play',
  });
  const before = await farm.view();
  const edges = before.edges.flatMap(({ ports }) => [ports.rtmp, ports.http, ports.api]);
  const ports = [farm.rtmpPort, farm.httpPort, farm.originPort, farm.apiPort, ...edges].filter(
    (port) => port !== undefined,
  );

  const random = seededRandom(SEED);
  for (const port of ports) {
    for (let done = 0; done < INPUTS; done += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => throwAt(port, randomInput(random))));
    }
  }

  const after = await farm.view();
  assert.deepEqual(
    after.edges.map((edge) => edge.pid),
    before.edges.map((edge) => edge.pid),
    'no edge was restarted',
  );
  const packets = () => players.map((player) => player.soFar().video.length);
  const atTheEnd = packets();
  await eventually(() => packets().every((count, index) => count > 250 && count > (atTheEnd[index] ?? 0) + 25), {
    what: 'both play on when all is thrown',
  });
  for (const player of players) player.process.kill('SIGINT');
  for (const player of players) assertContiguousRun(await player.done, looped(source, Math.ceil(LONG_S / SOURCE_S)));
  await eventually(async () => (await farm.podState()).clients === 1, {
    what: 'the pod counts the publisher alone when all is over',
  });
});

/** Pure noise, or noise behind a beginning that gets it past the door. */
function randomInput(random: () => number): Buffer {
  const noise = Buffer.from(Array.from({ length: Math.floor(random() * 2000) }, () => Math.floor(random() * 256)));
  const beginnings = [
    Buffer.alloc(0),
    Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]),
    Buffer.concat([Buffer.from([3]), Buffer.alloc(1536), Buffer.alloc(1536)]),
    Buffer.from('GET /live/livestream.flv HTTP/1.1\r\n'),
    Buffer.from('POST /api/v1/apply HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{'),
  ];
  return Buffer.concat([beginnings[Math.floor(random() * beginnings.length)] ?? noise, noise]);
}

/** Sends the bytes and leaves; whatever the server does is fine as long as it goes on serving others. */
function throwAt(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () =>
      socket.write(bytes, () => setTimeout(() => socket.destroy(), 2)),
    );
    socket.on('data', () => undefined);
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
}
