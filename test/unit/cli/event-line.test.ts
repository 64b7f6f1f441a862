import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventLines } from '@dolphin/cli/domain/event-line.js';
import { Decision, EventRow, Fact, OperatorEvent } from '@dolphin/protocol';

const utc = { utcOffsetAt: () => 0, width: null };

function row(kind: EventRow['kind'], type: string, data: object, more: Partial<EventRow> = {}): EventRow {
  const by = kind === 'fact' ? 'h1' : 'm1';
  const at = '2026-11-21T10:31:02.120Z';
  return EventRow.parse({ sequence: 12, index: 0, at, kind, by, type, id: `id-${type}`, data, ...more });
}
/** The one line of an entry, without the day's. */
const lineOf = (one: EventRow) => eventLines([one], utc)[1];
const edge = { role: 'stream', slot: 2, generation: 3 };

for (const [what, one, line] of [
  [
    'an applied specification: how many, who and why',
    row('operator', 'farm-applied', {
      ...{ specVersion: 2, spec: { edges: { perHost: 8, on: { zone: 'a' } } }, who: 'me@h1', why: 'match day' },
    }),
    '  #12 10:31:02.120 operator farm-applied spec 2: 8 edges per host on hosts of zone: a by me@h1: match day',
  ],
  [
    'an assigned edge: where, its generation and engine',
    row('decision', 'edge-assigned', { host: 'h1', ...edge, engine: 'builtin' }),
    '  #12 10:31:02.120 decision edge-assigned h1 stream-2 generation 3 builtin',
  ],
  [
    'an edge that was killed: by what, after how long, and whether it was asked for',
    row('fact', 'edge-exited', { ...edge, pid: 4711, signal: 'SIGKILL', code: null, uptimeMs: 63_000, asked: false }),
    '  #12 10:31:02.120 fact     edge-exited h1 stream-2 pid 4711 SIGKILL after 63 s, not asked',
  ],
  [
    'an edge that ended by itself: its exit code',
    row('fact', 'edge-exited', { ...edge, pid: 4711, signal: null, code: 0, uptimeMs: 350, asked: true }),
    '  #12 10:31:02.120 fact     edge-exited h1 stream-2 pid 4711 exit code 0 after 350 ms, asked',
  ],
  [
    'an unhealthy edge that is killed',
    row('fact', 'edge-unhealthy', { ...edge, pid: 4711, why: 'frozen', killed: true }),
    '  #12 10:31:02.120 fact     edge-unhealthy h1 stream-2 pid 4711, killed: frozen',
  ],
  [
    'an unhealthy edge that goes on',
    row('fact', 'edge-unhealthy', { ...edge, pid: 4711, why: '300 MB', killed: false }),
    '  #12 10:31:02.120 fact     edge-unhealthy h1 stream-2 pid 4711, goes on: 300 MB',
  ],
  [
    'an unhealthy edge, as older pods told it: nothing of what became of it',
    row('fact', 'edge-unhealthy', { ...edge, pid: 4711, why: 'frozen' }),
    '  #12 10:31:02.120 fact     edge-unhealthy h1 stream-2 pid 4711: frozen',
  ],
  [
    'an entry of a later version: all that is plain in it',
    row('decision', 'edge-polished', { host: 'h1', ...edge, shine: 7, more: { deep: 1 } }),
    '  #12 10:31:02.120 decision edge-polished h1 stream-2 generation 3 shine 7',
  ],
] as const) {
  test(what, () => assert.equal(lineOf(one), line));
}

test('a cause is named by its sequence where it is among the entries, else by the beginning of its id', () => {
  const cause = row('operator', 'farm-created', { farm: 'main', farmId: 'x', who: 'me' }, { sequence: 9 });
  const known = row('fact', 'host-left', { why: 'SIGTERM' }, { causationId: cause.id });
  const unknown = row('fact', 'host-left', { why: 'SIGTERM' }, { causationId: 'abcdef0123456789' });
  const lines = eventLines([cause, known, unknown], utc);
  assert.match(lines[2] ?? '', / <- #9$/);
  assert.match(lines[3] ?? '', / <- abcdef01$/);
});

test('a day begins with its date, in local time', () => {
  const late = row('decision', 'host-returned', { host: 'h1' }, { at: '2026-11-21T23:30:00.000Z' });
  const next = row('decision', 'host-returned', { host: 'h1' }, { at: '2026-11-22T00:30:00.000Z' });
  assert.deepEqual(
    eventLines([late, next], utc).filter((line) => line.startsWith('--')),
    ['-- 2026-11-21', '-- 2026-11-22'],
  );
  const [heading, first] = eventLines([late, next], { utcOffsetAt: () => 60, width: null });
  assert.equal(heading, '-- 2026-11-22');
  assert.match(first ?? '', /00:30:00\.000/);
});

test('the offset is that of the entry, not of today: clocks change in autumn', () => {
  const change = Date.parse('2026-10-25T01:00:00Z');
  const utcOffsetAt = (ms: number) => (ms < change ? 120 : 60);
  const summer = row('decision', 'host-returned', { host: 'h1' }, { at: '2026-10-25T00:59:00.000Z' });
  const winter = row('decision', 'host-returned', { host: 'h1' }, { at: '2026-10-25T01:01:00.000Z' });
  const lines = eventLines([summer, winter], { utcOffsetAt, width: null });
  assert.match(lines[1] ?? '', /02:59:00/);
  assert.match(lines[2] ?? '', /02:01:00/);
});

test('at a terminal an entry goes on in the next line, and nothing of it is lost', () => {
  const long = row('fact', 'edge-start-failed', { ...edge, code: 'E_PORT_TAKEN', message: 'taken '.repeat(30) });
  const lines = eventLines([long], { ...utc, width: 80 }).slice(1);
  assert.ok(lines.length > 1);
  for (const line of lines) assert.ok(line.length <= 80, line);
  assert.equal(lines.map((line) => line.trim()).join(' '), lineOf(long)?.trim());
});

test('control characters of others never reach the terminal, and make no second line', () => {
  const evil = row('fact', 'host-left', { why: '\u001b[2Jgone\n#99 forged' });
  assert.equal(lineOf(evil), '  #12 10:31:02.120 fact     host-left h1  [2Jgone #99 forged');
});

test('every type of entry that the protocol has gets words of its own', () => {
  const kinds = [
    ['operator', OperatorEvent],
    ['decision', Decision],
    ['fact', Fact],
  ] as const;
  for (const [kind, union] of kinds) {
    for (const option of union.options) {
      const [type = ''] = option.shape.type.values;
      // The words of a later version's entry would show a field that nobody knows.
      assert.doesNotMatch(lineOf(row(kind, type, { foreign: 'field' })) ?? '', /foreign/, type);
    }
  }
});
