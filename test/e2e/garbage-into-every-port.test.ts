import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { it } from 'node:test';
import { type FarmView, SUBJECTS, type SubjectRow, subjectsOf } from '@dolphin/protocol';
import { connect as connectNats, createInbox } from 'nats';
import { answersTo, garbageFor, shuffled, WireTap } from '../support/bus-noise.js';
import { onCleanup, type TestScope } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { TestFarm } from '../support/farm.js';
import { assertContiguousRun, looped, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { seededRandom } from '../support/random.js';

const INPUTS = 1000;
const AT_ONCE = 20;
const SEED = 20150612;
const BUS_INPUTS = 200;
const LONG_S = 600;
const SOURCE_S = 64;

it(`seeded garbage into each listening port, and on every subject of NATS, disturbs no player (seed ${SEED})`, async (t) => {
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
  await noiseOnTheBus(t, farm, random);
  const pidsOf = ({ edges }: FarmView) => edges.map(({ role, slot, pid }) => `${role}-${slot} ${pid}`);
  const noisy = pidsOf(await farm.view());
  assert.deepEqual(
    pidsOf(before).filter((pid) => !noisy.includes(pid)),
    [],
    'no edge was restarted by noise on the bus',
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
  await garbageInTheLog(t, farm);
});

/** By a writer that may: what cannot be read makes masters show and not lead, and the host take no commands; nothing else. */
async function garbageInTheLog(t: TestScope, farm: TestFarm): Promise<void> {
  const bus = await connectNats({ servers: farm.nats.url });
  onCleanup(t, () => bus.close());
  const { logOperator, logDecisions, logHost } = subjectsOf('main');
  const pids = async () => (await farm.podState()).edges.map(({ pid }) => pid);
  const before = await pids();
  for (const subject of [logOperator, logDecisions, logHost(farm.host), logHost('nobody')]) {
    for (const data of ['', 'noise', '{"v":99}', '['.repeat(50_000)]) await bus.request(subject, data);
  }
  const { lastSequence } = (await farm.request('GET', '/api/v1/events')).body as { lastSequence: number };
  await eventually(async () => (await farm.view()).sequence >= lastSequence, { what: 'the master has read over it' });
  await eventually(async () => (await farm.view()).hosts[0]?.liveness === 'up', { what: 'the host is heard' });
  assert.deepEqual(await pids(), before);
  for (const { child } of [farm.master, farm.worker])
    assert.deepEqual([child.exitCode, child.signalCode], [null, null]);
}

/** What is sent and heard again, out of order, and garbage, on every subject that is not kept; then on the lease. */
async function noiseOnTheBus(t: TestScope, farm: TestFarm, random: () => number): Promise<void> {
  const bus = await connectNats({ servers: farm.nats.url });
  onCleanup(t, () => bus.close());
  const tap = new WireTap(bus, 'dolphin.main.>');
  const subjects = subjectsOf('main');
  // Whoever answers first counts: each command gets garbage for an answer, and is sent again until the pod has what it is to have.
  const early = bus.subscribe(subjects.command(farm.host), {
    max: 8,
    callback: (_, message) => void message.respond(Buffer.from('{"result":"accep')),
  });
  await bus.flush();
  await farm.apply(3);
  await farm.ready(3);
  early.unsubscribe();

  const subjectOf = (row: SubjectRow) => row.subject.replace('<farm>', 'main').replace('<host>', farm.host);
  for (const row of SUBJECTS.filter(({ kind }) => kind === 'core' || kind === 'request')) {
    const subject = subjectOf(row);
    const samples = tap.on(subject);
    const garbage = garbageFor(row, samples, { count: BUS_INPUTS, random });
    const again = shuffled([...samples, ...samples], random);
    if (row.kind === 'core') {
      for (const data of [...again, ...garbage]) bus.publish(subject, data);
      continue;
    }
    const all = (count: number) => (answers: readonly unknown[]) =>
      eventually(() => answers.length >= count, { what: `${count} answers to ${row.of}` });
    for (const data of again) bus.publish(subject, data, { reply: createInbox() });
    const refusals = await answersTo(bus, subject, garbage, all(garbage.length));
    for (const answer of refusals) assert.match(JSON.stringify(answer), /"refused","code":"E_[A-Z_]+"/, subject);
    for (const data of garbage) bus.publish(`${subjects.reply(farm.host)}.${random()}`, data);
  }
  const { term = 0 } = (await farm.view()).leader ?? {};
  for (const value of ['', '{"holder":7}', 'x'.repeat(5_000)]) bus.publish('$KV.dolphin-main-lease.leader', value);
  await bus.flush();
  await eventually(async () => ((await farm.view()).leader?.term ?? 0) > term, {
    what: 'who lost the lease to garbage leads again, in a higher term',
  });
  await farm.apply(4);
  const { hosts } = await farm.ready(4);
  assert.deepEqual(
    hosts.map(({ host }) => host),
    [farm.host],
  );
  const told = { master: farm.master.output(), worker: farm.worker.output() };
  for (const kind of ['a heartbeat cannot be read', 'stats cannot be read'])
    assert.ok(told.master.includes(kind), kind);
  for (const kind of ['as a command is none', 'as a question is none', 'as a kick is none']) {
    assert.ok(told.worker.includes(kind), kind);
  }
  const isNoisy = (line: string) => /cannot be read|is none/.test(line);
  assert.ok(
    Object.values(told)
      .flatMap((text) => text.split('\n'))
      .filter(isNoisy).length < 50,
    'it is told at intervals',
  );
}

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
