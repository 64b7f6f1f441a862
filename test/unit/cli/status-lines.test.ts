import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sumUp } from '@dolphin/cli/domain/status.js';
import { silenceLines, statusLines } from '@dolphin/cli/domain/status-lines.js';
import { EdgeState, type FarmView, HostLiveness } from '@dolphin/protocol';
import fc from 'fast-check';
import { answerOf, answersTo, BY_MASTER, edgeView, farmView, hostView, NOW } from './samples.js';

const asked = { at: NOW, ...BY_MASTER };

test('a farm at a glance: hosts, edges with pid and private port, streams, the sum', () => {
  const view = farmView();
  const answers = answersTo(view, {
    0: answerOf(5000, [{ clients: 2 }]),
    1: answerOf(5001, [{ clients: 2 }]),
    2: answerOf(5002, [{ clients: 1 }]),
  });
  assert.deepEqual(statusLines(sumUp(view, answers, asked)), [
    'farm main: serving; spec 2, settled; leader m1 (term 3)',
    '',
    'HOST  STATE  RTMP   HTTP   POD  SERVE  CLIENTS  KBIT/S  CPU%  FREE',
    'h1    up     19350  8088  4711    2/2        3    3000     7  4.0G',
    '',
    'HOST  EDGE           STATE   PID    API  CLIENTS  KBIT/S  STREAMS   UP',
    'h1    back-source-0  ready  5000  33331  2 edges    1500        1  13s',
    'h1    stream-0       ready  5001  33332        2    1500        1  13s',
    'h1    stream-1       ready  5002  33333        1    1500        1  13s',
    '',
    'STREAM            CLIENTS  PUBLISH  EDGES  CODECS',
    '/live/livestream        3        0      2  H264 + AAC',
    '',
    'total: 2 of 2 stream edges serve; clients 3, kbit/s 3000, streams 1',
  ]);
});

test('a farm that nobody plays from yet shows its publisher as one', () => {
  const view = farmView();
  const forwarded = { clients: 1, publishers: 1, active: false, video: null, audio: null };
  const lines = statusLines(sumUp(view, answersTo(view, { 1: answerOf(5001, [forwarded]) }), asked));
  assert.deepEqual(lines.slice(-4), [
    'STREAM            CLIENTS  PUBLISH  EDGES  CODECS',
    '/live/livestream        1        1      1  nobody plays it',
    '',
    'total: 2 of 2 stream edges serve; clients 1, kbit/s 3000, streams 1',
  ]);
});

test('what is wrong stands below, whole, however long the reason', () => {
  const view = farmView();
  const why = 'connect EHOSTUNREACH 10.0.0.7:33333 - Local (10.0.0.1:40112) and more words than fit one line';
  const answers = answersTo(view, { 2: { answered: false, failure: 'silent', why } });
  const lines = statusLines(sumUp(view, answers, asked));
  const words = lines.slice(lines.findIndex((line) => line.startsWith('! '))).map((line) => line.trim());
  assert.equal(words.join(' '), `! h1 stream-1: its API does not answer: ${why}`);
});

test('a rolling change shows how far it is, and why it stopped', () => {
  const lines = (update: FarmView['update']) => {
    const view = farmView({ settled: false, update });
    return statusLines(sumUp(view, answersTo(view, {}), asked));
  };
  const running = { specVersion: 2, state: 'running', edges: 4, done: 1 } as const;
  assert.equal(lines(running)[0], 'farm main: serving; spec 2, 1 of 4 edges changed; leader m1 (term 3)');
  const stopped = lines({ ...running, state: 'stopped', why: 'stream-1 of h1: its pod gave it up' });
  assert.ok(stopped.join('\n').includes('! farm: the update to spec 2 stopped: stream-1 of h1'));
});

test('no line is wider than 80 columns, whatever hosts, edges and streams are called', () => {
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/);
  const states = fc.constantFrom(...EdgeState.options, 'assigned' as const, 'unknown' as const, 'drained' as const);
  const farms = fc.record({
    ...{ farm: name, master: name, host: name, liveness: fc.constantFrom(...HostLiveness.options), state: states },
    ...{ pid: fc.integer({ min: 1, max: 4_194_304 }), clients: fc.nat(100_000), kbitPerS: fc.nat(100_000_000) },
    ...{ uptimeMs: fc.nat(1e10), slot: fc.nat(999), url: fc.string({ maxLength: 200 }) },
    rtmp: fc.array(fc.integer({ min: 1024, max: 65_535 }), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(farms, (o) => {
      const host = hostView({ ...o, podPid: o.pid, desired: 64, memoryFreeBytes: 2 ** 40 });
      const edges = [edgeView('back-source', o), edgeView(0, { ...o, slot: o.slot, api: 'http://127.0.0.1:65535' })];
      const view = farmView({ farm: o.farm, leader: { master: o.master, term: 4711 }, hosts: [host], edges });
      const stream = { url: o.url, clients: o.clients, sendKbitPerS: o.kbitPerS };
      const answers = answersTo(view, { 0: answerOf(o.pid, [stream]), 1: answerOf(o.pid, [stream]) });
      for (const line of statusLines(sumUp(view, answers, asked))) assert.ok(line.length <= 80, line);
    }),
  );
});

test('while nobody tells, each says why in lines of 80, and none of them writes to the terminal', () => {
  const lines = silenceLines(['the master does not answer', `\u001b[2J${'no way '.repeat(20)}`]);
  assert.deepEqual(lines.slice(0, 3), ['unknown: nobody tells of the farm', '', '! the master does not answer']);
  assert.ok(
    lines.every((line) => line.length <= 80 && !line.includes('\u001b')),
    lines.join('\n'),
  );
});
