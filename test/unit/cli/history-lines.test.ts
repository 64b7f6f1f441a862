import assert from 'node:assert/strict';
import { test } from 'node:test';
import { historyLines } from '@dolphin/cli/domain/history-lines.js';
import { FarmSpec, type SpecVersion } from '@dolphin/protocol';

const version = (number: number, more: Partial<SpecVersion> = {}): SpecVersion => ({
  ...{ version: number, sequence: number * 10, at: '2026-11-21T10:31:00.000Z', who: 'me@h1' },
  spec: FarmSpec.parse({ edges: { perHost: 4 }, origins: ['127.0.0.1:1935'] }),
  ...more,
});

test('each version has its time, wish, asker and reason', () => {
  const spec = FarmSpec.parse({ edges: { total: 6 }, origins: ['127.0.0.1:1935'], engine: 'srs5' });
  assert.deepEqual(
    historyLines(
      [version(3, { rollbackOf: 1, why: 'too few' }), version(2, { spec, why: 'match day' }), version(1)],
      () => 0,
    ),
    [
      'SPEC  AT                   EDGES       ENGINE   WHO    WHY',
      '   3  2026-11-21 10:31:00  4 per host  builtin  me@h1  back to 1: too few',
      '   2  2026-11-21 10:31:00  6 in all    srs5     me@h1  match day',
      '   1  2026-11-21 10:31:00  4 per host  builtin  me@h1  -',
    ],
  );
});

test('it fits 80 columns, and is safe for a terminal, whatever others wrote', () => {
  const text = 'a \u001b[31mreason\n that goes on '.repeat(9);
  for (const line of historyLines([version(1_000, { who: text, why: text })], () => 0)) {
    assert.ok(line.length <= 80 && !line.includes('\u001b'), line);
  }
});
