import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEVEL_RULES, type LevelInput, levelOf, STATUS_EXIT } from '@dolphin/cli/domain/status-level.js';
import { FarmSpec } from '@dolphin/protocol';
import fc from 'fast-check';

const spec = (edges: FarmSpec['edges']) => FarmSpec.parse({ edges, origins: ['127.0.0.1:1935'] });
const input = (more: Partial<LevelInput>): LevelInput => ({
  ...{ spec: spec({ perHost: 4 }), hasLog: true, desired: 4, serving: 4, problems: [] },
  ...more,
});
const harm = { about: 'h1 back-source-0', why: 'is starting', affects: 'serving' } as const;
const note = { about: 'farm', why: 'no master leads', affects: 'control' } as const;

test('the exit codes are 0, 1, 2 and 3', () => {
  assert.deepEqual(STATUS_EXIT, { serving: 0, degraded: 1, critical: 2, unknown: 3 });
});

for (const [what, given, level] of [
  ['all that was asked for serves', {}, 'serving'],
  ['all serves, and only the control plane is hurt', { problems: [note], hasLog: false }, 'serving'],
  ['nothing was asked for, and nothing serves', { spec: spec({ perHost: 0 }), desired: 0, serving: 0 }, 'serving'],
  ['one edge is missing', { serving: 3 }, 'degraded'],
  ['all edges serve, but a back source does not', { problems: [harm] }, 'degraded'],
  ['a total could not be placed whole', { spec: spec({ total: 6 }) }, 'degraded'],
  ['edges serve that no specification asks for', { spec: null, desired: 0 }, 'degraded'],
  ['none of those that should serves', { serving: 0 }, 'critical'],
  ['no host has joined', { desired: 0, serving: 0 }, 'critical'],
  ['a total was asked for, and no host has joined', { spec: spec({ total: 4 }), desired: 0, serving: 0 }, 'critical'],
  ['nothing has been applied', { spec: null, desired: 0, serving: 0 }, 'critical'],
  ['the master was started without NATS or its log', { spec: null, hasLog: false, desired: 0, serving: 0 }, 'unknown'],
] as const satisfies readonly (readonly [string, Partial<LevelInput>, string])[]) {
  test(`${level}: ${what}`, () => assert.equal(levelOf(input(given)), level));
}

const inputs: fc.Arbitrary<LevelInput> = fc.record({
  spec: fc.option(
    fc.oneof(
      fc.nat(6).map((perHost) => spec({ perHost })),
      fc.nat(6).map((total) => spec({ total })),
    ),
  ),
  hasLog: fc.boolean(),
  desired: fc.nat(6),
  serving: fc.nat(6),
  problems: fc.subarray([harm, note]),
});

test('an edge more never makes the level worse', () => {
  fc.assert(
    fc.property(inputs, (one) => {
      const exit = STATUS_EXIT[levelOf(one)];
      assert.ok(STATUS_EXIT[levelOf({ ...one, serving: one.serving + 1 })] <= exit);
    }),
  );
});

test('what only the control plane suffers from changes no level', () => {
  fc.assert(
    fc.property(inputs, (one) => assert.equal(levelOf({ ...one, problems: [...one.problems, note] }), levelOf(one))),
  );
});

test('each rule has a name, a reason, and a case that it alone decides', () => {
  const decided = new Set<string>();
  fc.assert(
    fc.property(inputs, (one) => {
      decided.add(LEVEL_RULES.find(({ when }) => when(one))?.name ?? 'none');
    }),
    { numRuns: 1000, seed: 1 },
  );
  assert.deepEqual([...decided].sort(), LEVEL_RULES.map(({ name }) => name).sort());
  for (const { name, prevents } of LEVEL_RULES) assert.ok(name.length > 0 && prevents.length > 0);
});
