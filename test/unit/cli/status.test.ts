import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EdgeAnswer } from '@dolphin/cli/domain/edge-answer.js';
import { type Status, sumUp } from '@dolphin/cli/domain/status.js';
import type { FarmView } from '@dolphin/protocol';
import { answerOf, answersTo, BY_MASTER, edgeView, farmView, hostView, NOW } from './samples.js';

const asked = { at: NOW, ...BY_MASTER };
const status = (view: FarmView, special: Readonly<Record<number, EdgeAnswer>> = {}): Status =>
  sumUp(view, answersTo(view, special), asked);
const reasons = ({ problems }: Status) => problems.map(({ about, why, affects }) => `${affects} ${about}: ${why}`);
const silent: EdgeAnswer = { answered: false, failure: 'silent', why: 'no answer within 1000 ms' };
const gone: EdgeAnswer = { answered: false, failure: 'unreachable', why: 'connect ECONNREFUSED' };

test('streams are summed up by url over the stream edges, whatever their ids', () => {
  const { streams, totals } = status(farmView(), {
    1: answerOf(5001, [
      { clients: 2, sendKbitPerS: 1000 },
      { url: '/live/other', clients: 1 },
    ]),
    2: answerOf(5002, [{ clients: 3, sendKbitPerS: 1500 }]),
  });
  assert.deepEqual(
    streams.map(({ url, clients, edges, kbitPerS }) => [url, clients, edges, kbitPerS]),
    [
      ['/live/livestream', 5, 2, 2500],
      ['/live/other', 1, 1, 0],
    ],
  );
  assert.equal(totals.clients, 6);
  assert.equal(totals.streams, 2);
});

test('publishers are told apart where edges tell, and open where none does', () => {
  const { edges, streams, totals } = status(farmView(), {
    1: answerOf(5001, [{ clients: 2, publishers: 1 }]),
    2: answerOf(5002, [
      { clients: 600, publishers: null },
      { url: '/live/other', clients: 4, publishers: null },
    ]),
  });
  assert.deepEqual(
    edges.slice(1).map(({ publishers }) => publishers),
    [1, null],
  );
  assert.deepEqual(
    streams.map(({ url, publishers }) => [url, publishers]),
    [
      ['/live/livestream', 1],
      ['/live/other', null],
    ],
  );
  assert.equal(totals.publishers, 1);
});

test('streams of the same app and name on two vhosts are two streams', () => {
  const { streams } = status(farmView(), {
    1: answerOf(5001, [{ url: 'a.example/live/x', clients: 1 }]),
    2: answerOf(5002, [{ url: 'b.example/live/x', clients: 1 }]),
  });
  assert.deepEqual(
    streams.map(({ url }) => url),
    ['a.example/live/x', 'b.example/live/x'],
  );
});

test("a back source's clients are edges, and count neither as viewers nor as traffic", () => {
  const { edges, totals, streams } = status(farmView(), {
    0: answerOf(5000, [{ clients: 2 }]),
    1: answerOf(5001, [{ clients: 1 }]),
    2: answerOf(5002, [{ clients: 1 }]),
  });
  assert.equal(edges[0]?.clients, null);
  assert.equal(edges[0]?.edgeClients, 2);
  assert.deepEqual([totals.clients, totals.kbitPerS, streams[0]?.clients], [2, 3000, 2]);
});

test("the pod's rate over 2 s goes before the edge's own over 30 s while the view is fresh, and the source is said", () => {
  const answers = {
    1: answerOf(5001, [{ clients: 1, sendKbitPerS: 0 }]),
    2: answerOf(5002, [{ clients: 1, sendKbitPerS: 520 }]),
  };
  const rates = (view: FarmView) =>
    status(view, answers)
      .edges.slice(1)
      .map(({ kbitPerS, kbitPerSSource }) => [kbitPerS, kbitPerSSource]);
  assert.deepEqual(rates(farmView()), [
    [1500, 'master'],
    [1500, 'master'],
  ]);
  // A stale view: the edge itself knows better, but for the time in which SRS says 0.
  assert.deepEqual(rates(farmView({ connected: false })), [
    [1500, 'master'],
    [520, 'edge'],
  ]);
});

test("an edge's own count of clients goes before the master's", () => {
  const { edges } = status(farmView(), { 1: answerOf(5001, [{ clients: 1 }]), 2: silent });
  assert.deepEqual(
    edges.slice(1).map(({ clients, clientsSource }) => [clients, clientsSource]),
    [
      [1, 'edge'],
      [3, 'master'],
    ],
  );
});

test('a host is summed up from its edges, not from what the master heard', () => {
  const { hosts } = status(farmView({ hosts: [hostView({ clients: 99, ready: 2 })] }), {
    1: answerOf(5001, [{ clients: 4 }]),
    2: gone,
  });
  assert.deepEqual([hosts[0]?.clients, hosts[0]?.kbitPerS, hosts[0]?.serving], [4, 1500, 1]);
});

test('a farm where every edge answers is serving, without a problem', () => {
  const farm = status(farmView());
  assert.equal(farm.level, 'serving');
  assert.deepEqual(farm.problems, []);
});

test('a ready edge that only keeps silent may be full: it keeps its figures, and is named with the reason', () => {
  const farm = status(farmView(), { 2: silent });
  assert.equal(farm.level, 'degraded');
  assert.equal(farm.edges[2]?.serving, true);
  assert.equal(farm.edges[2]?.clients, 3);
  assert.deepEqual(reasons(farm), ['serving h1 stream-1: its API does not answer: no answer within 1000 ms']);
});

test('an edge that nobody listens for serves nobody, whatever the master thinks', () => {
  const farm = status(farmView(), { 2: gone });
  assert.equal(farm.level, 'degraded');
  assert.deepEqual([farm.edges[2]?.serving, farm.edges[2]?.clients, farm.edges[2]?.kbitPerS], [false, 0, 0]);
  assert.deepEqual(reasons(farm), [
    'serving h1: 1 of 2 stream edges serve',
    'serving h1 stream-1: its API does not answer: connect ECONNREFUSED',
  ]);
});

test('no edge that serves is critical', () => {
  assert.equal(status(farmView(), { 1: gone, 2: gone }).level, 'critical');
});

test('a dead back source degrades, though every stream edge serves', () => {
  const view = farmView();
  const edges = [edgeView('back-source', { state: 'backing-off', pid: null }), edgeView(0), edgeView(1)];
  const farm = status({ ...view, edges }, { 0: gone });
  assert.equal(farm.level, 'degraded');
  assert.deepEqual(reasons(farm), ['serving h1 back-source-0: is backing-off']);
});

test('with NATS away the edges themselves tell, and the exit stays 0 when all of them answer', () => {
  const hosts = [hostView({ heardMsAgo: 65_000 })];
  const farm = status(farmView({ connected: false, settled: false, hosts }));
  assert.equal(farm.level, 'serving');
  assert.deepEqual(reasons(farm), ['control farm: the master is cut off from NATS: it shows what it saw last']);
});

test('with NATS away an edge that keeps silent does not count as serving', () => {
  const farm = status(farmView({ connected: false, hosts: [hostView({ heardMsAgo: 65_000 })] }), { 2: silent });
  assert.equal(farm.level, 'degraded');
  assert.equal(farm.totals.serving, 1);
});

test('an edge that was starting when the master heard it last, and answers now, serves', () => {
  const edges = [edgeView('back-source'), edgeView(0), edgeView(1, { state: 'starting' })];
  const stale = farmView({ connected: false, edges, hosts: [hostView({ heardMsAgo: 20_000 })] });
  assert.equal(status(stale).totals.serving, 2);
  assert.equal(status(farmView({ edges })).totals.serving, 1);
});

test('a worker that is gone is a matter of control: its pod serves on', () => {
  const farm = status(farmView({ hosts: [hostView({ liveness: 'unmanaged', heardMsAgo: 30_000 })] }));
  assert.equal(farm.level, 'serving');
  assert.deepEqual(farm.problems, [
    { about: 'h1', why: 'its worker is gone; its pod serves on', affects: 'control', ageMs: 30_000 },
  ]);
});

test('what a lost host had is history: its clients are not counted', () => {
  const hosts = [hostView(), hostView({ host: 'h2', liveness: 'lost', heardMsAgo: 60_000 })];
  const edges = [edgeView(0), edgeView(1), edgeView(0, { host: 'h2', clients: 70 })];
  const farm = status(farmView({ hosts, edges }), { 2: silent });
  assert.equal(farm.level, 'degraded');
  assert.equal(farm.edges[2]?.clients, 0);
  assert.equal(farm.totals.clients, 0);
  assert.equal(farm.problems[0]?.why, 'is lost');
});

test('an edge on its way out degrades nothing while its host has all it should', () => {
  const edges = [edgeView('back-source'), edgeView(0), edgeView(1), edgeView(2, { state: 'stopping' })];
  assert.deepEqual(status(farmView({ edges })).problems, []);
  const short = status(farmView({ edges: edges.toSpliced(2, 1) }));
  assert.deepEqual(reasons(short), ['serving h1: 1 of 2 stream edges serve', 'serving h1 stream-2: is stopping']);
});

test('an edge that its host refuses is named with the reason of the refusal', () => {
  const refusal = { code: 'E_ENGINE_UNKNOWN', message: 'engine nope is not configured on this host' };
  const assigned = { state: 'assigned', pid: null, refusal } as const;
  const edges = [edgeView('back-source', assigned), edgeView(0, assigned), edgeView(1, assigned)];
  const farm = status(farmView({ edges }), { 0: gone, 1: gone, 2: gone });
  assert.equal(farm.level, 'critical');
  assert.deepEqual(farm.edges[1]?.refusal, refusal);
  const why = 'is assigned, but refused by its host: E_ENGINE_UNKNOWN: engine nope is not configured on this host';
  assert.deepEqual(
    farm.problems.filter(({ about }) => about === 'h1 stream-0').map((problem) => problem.why),
    [why],
  );
});

test('another process on the port of an edge is named: it takes clients away', () => {
  const farm = status(farmView(), { 2: answerOf(9999) });
  assert.equal(farm.level, 'degraded');
  assert.deepEqual(reasons(farm), ['serving h1 stream-1: its API is answered by pid 9999, but its pod runs pid 5002']);
});

test('an edge that the log does not know is reported, and serves', () => {
  const edges = [edgeView('back-source'), edgeView(0), edgeView(1), edgeView(2, { state: 'unknown' })];
  const farm = status(farmView({ edges }));
  assert.equal(farm.level, 'serving');
  assert.deepEqual(reasons(farm), ['control h1 stream-2: runs, but no decision in the log asks for it']);
});

const elsewhere: EdgeAnswer = { answered: false, failure: 'elsewhere', why: "its API is on its own host's loopback" };

test("edges that cannot be asked, on another machine's loopback, are as their pod says, and that is no problem", () => {
  const asIs = { 0: elsewhere, 1: elsewhere, 2: elsewhere };
  const farm = status(farmView(), asIs);
  assert.equal(farm.level, 'serving');
  assert.deepEqual(reasons(farm), []);
  assert.deepEqual([farm.totals.serving, farm.totals.clients, farm.edges[1]?.elsewhere], [2, 6, true]);
  const unmanaged = status(farmView({ hosts: [hostView({ liveness: 'unmanaged', heardMsAgo: 30_000 })] }), asIs);
  assert.deepEqual([unmanaged.level, unmanaged.totals.serving], ['serving', 2]);
});

test('with NATS away nobody knows how edges are that cannot be asked: that degrades, and is no death', () => {
  const hosts = [hostView({ heardMsAgo: 65_000 })];
  const farm = status(farmView({ connected: false, hosts }), { 0: elsewhere, 1: elsewhere, 2: elsewhere });
  assert.deepEqual([farm.level, farm.totals.serving], ['degraded', 2]);
  assert.equal(reasons(farm)[1], "serving h1: its edges' APIs are on its loopback: shown as its pod said last");
});

test('an edge on the loopback of a lost host serves nobody', () => {
  const hosts = [hostView({ liveness: 'lost', heardMsAgo: 60_000 })];
  const farm = status(farmView({ hosts }), { 0: elsewhere, 1: elsewhere, 2: elsewhere });
  assert.deepEqual([farm.level, farm.totals.serving, farm.totals.clients], ['critical', 0, 0]);
});

test('a host that takes no commands says why, and serves', () => {
  const readOnly = { code: 'E_LOG_UNREADABLE', message: 'log entry 7 cannot be decoded: not JSON' };
  const farm = status(farmView({ hosts: [hostView({ readOnly })] }));
  assert.equal(farm.level, 'serving');
  assert.deepEqual(reasons(farm), [`control h1: takes no commands: ${readOnly.message}`]);
});

test('what the master says of the farm or a host is a problem of the farm that viewers may notice', () => {
  const message = 'the origin 127.0.0.1:1935 is on loopback, and host h2 is at 10.0.0.2';
  const shown = status(farmView({ problems: [{ code: 'E_ORIGIN_LOOPBACK', message, host: 'h2' }] }));
  assert.deepEqual(reasons(shown), [`serving h2: ${message}`]);
  assert.equal(shown.level, 'degraded');
});
