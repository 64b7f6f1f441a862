import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planLines } from '@dolphin/cli/domain/plan-lines.js';
import { scaledSpec } from '@dolphin/cli/domain/scaled-spec.js';
import { FarmSpec, type PlannedStep } from '@dolphin/protocol';

const step = (slot: number, more: Partial<PlannedStep> = {}): PlannedStep => ({
  ...{ action: 'assign', host: 'h1', role: 'stream', slot, why: 'perHost is 4' },
  ...more,
});

test('a plan shows what would differ, what would be done, and how much of it', () => {
  const differences = [
    { field: 'edges.perHost', from: 2, to: 4 },
    { field: 'conf', from: null, to: { name: 'a', revision: 2 } },
  ];
  assert.deepEqual(
    planLines({ specVersion: 3, differences, steps: [step(2), step(0, { action: 'update', why: 'conf' })] }),
    [
      'FIELD          NOW  THEN',
      'edges.perHost  2    4',
      'conf           -    {"name":"a","revision":2}',
      '',
      'STEP    HOST  EDGE      WHY',
      'assign  h1    stream-2  perHost is 4',
      'update  h1    stream-0  conf',
      '',
      'from spec 3: 1 to assign, 0 to release, 1 to update',
    ],
  );
});

test('nothing to do is said so', () => {
  const lines = planLines({ specVersion: 3, differences: [], steps: [] });
  assert.deepEqual(lines, ['nothing to do: spec 3 asks for the same']);
});

test('a plan fits 80 columns, however long its reasons, and shows the first of many steps', () => {
  const why = 'a reason \u001b[31m that goes on and on '.repeat(9);
  const host = 'a-host-with-a-rather-long-name-that-goes-on';
  const steps = Array.from({ length: 60 }, (_, slot) => step(slot, { host, why }));
  const lines = planLines({ specVersion: 3, differences: [{ field: 'f'.repeat(90), from: why, to: why }], steps });
  for (const line of lines) assert.ok(line.length <= 80 && !line.includes('\u001b'), line);
  assert.ok(lines.includes('… and 20 more'));
});

test('a scaled specification differs in the number alone, and counts as before unless it is said', () => {
  const spec = FarmSpec.parse({
    edges: { total: 4, on: { zone: 'a' } },
    origins: ['127.0.0.1:1935'],
    drainDeadlineMs: 7,
  });
  assert.deepEqual(scaledSpec(spec, 9, 'as it is'), { ...spec, edges: { total: 9, on: { zone: 'a' } } });
  assert.deepEqual(scaledSpec(spec, 9, 'per host').edges, { perHost: 9, on: { zone: 'a' } });
  const perHost = scaledSpec(spec, 9, 'per host');
  assert.deepEqual(scaledSpec(perHost, 2, 'as it is').edges, { perHost: 2, on: { zone: 'a' } });
  assert.deepEqual(scaledSpec(perHost, 2, 'total').edges, { total: 2, on: { zone: 'a' } });
});
