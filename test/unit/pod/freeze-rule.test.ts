import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type EdgeObservation,
  type FreezeVerdict,
  judgeFreeze,
  NOTHING_WATCHED,
  suspectsOf,
} from '@dolphin/pod/domain/freeze-rule.js';
import { excuseOf } from '@dolphin/pod/domain/process-excuse.js';
import fc from 'fast-check';

const LIMITS = { freezeAfterMs: 3000, roundMs: 250, lateMs: 500 };
const silent = (name: string, over: Partial<EdgeObservation> = {}): EdgeObservation => ({
  name,
  pid: 1,
  answered: false,
  beats: 5,
  bytes: 1000,
  excuse: null,
  ...over,
});

/** Rounds at the rule's own pace, unless a round says when it is; the verdicts that are more than nothing. */
function judge(rounds: number, seen: (round: number) => EdgeObservation[], atOf = (round: number) => round * 250) {
  let watch = NOTHING_WATCHED;
  const verdicts: { round: number; verdict: FreezeVerdict }[] = [];
  for (let round = 0; round < rounds; round++) {
    const step = judgeFreeze(watch, { at: atOf(round), edges: seen(round) }, LIMITS);
    watch = step.watch;
    if (step.verdict.type !== 'none') verdicts.push({ round, verdict: step.verdict });
  }
  return verdicts;
}

describe('an edge is frozen', () => {
  it('when it gave no sign of life for three seconds, and that is said once', () => {
    assert.deepEqual(
      judge(40, () => [silent('a'), silent('b', { answered: true })]),
      [{ round: 12, verdict: { type: 'frozen', name: 'a', pid: 1, silentMs: 3000 } }],
    );
  });

  it('not while its API answers: its origin may be dead', () => {
    assert.deepEqual(
      judge(40, (round) => [silent('a', { answered: round % 8 === 0 })]),
      [],
    );
  });

  it('not while its bytes move: it may be full', () => {
    assert.deepEqual(
      judge(40, (round) => [silent('a', { bytes: Math.floor(round / 8) })]),
      [],
    );
  });

  it('not while it beats', () => {
    assert.deepEqual(
      judge(40, (round) => [silent('a', { beats: Math.floor(round / 4) })]),
      [],
    );
  });

  it('not while a debugger or the kernel holds it, and three seconds after that it is', () => {
    for (const excuse of ['traced', 'uninterruptible', 'gone'] as const) {
      const found = judge(40, (round) => [silent('a', { excuse: round < 20 ? excuse : null })]);
      assert.deepEqual(
        found.map(({ round }) => round),
        [31],
      );
    }
  });

  it('not when it was our own loop that was late: counting starts again', () => {
    const found = judge(
      40,
      () => [silent('a')],
      (round) => round * 250 + (round >= 10 ? 5000 : 0),
    );
    assert.deepEqual(
      found.map(({ round }) => round),
      [22],
    );
  });

  it('not yet as a new process', () => {
    const found = judge(30, (round) => [silent('a', { pid: round < 10 ? 1 : 2 })]);
    assert.deepEqual(
      found.map(({ round, verdict }) => [round, verdict.type === 'frozen' && verdict.pid]),
      [[22, 2]],
    );
  });

  it('never, when the rule is off', () => {
    const off = { ...LIMITS, freezeAfterMs: 0 };
    let watch = NOTHING_WATCHED;
    for (let round = 0; round < 100; round++) {
      const step = judgeFreeze(watch, { at: round * 250, edges: [silent('a')] }, off);
      assert.equal(step.verdict.type, 'none');
      watch = step.watch;
    }
    assert.deepEqual(suspectsOf(watch, 25_000, off), []);
  });
});

describe('two silent edges', () => {
  it('are told of once, and none is killed', () => {
    assert.deepEqual(
      judge(80, () => [silent('a'), silent('b'), silent('c', { answered: true })]),
      [{ round: 12, verdict: { type: 'alarm', names: ['a', 'b'] } }],
    );
  });

  it('are so also when one went silent a second after the other', () => {
    const found = judge(40, (round) => [silent('a'), silent('b', { answered: round < 4 })]);
    assert.deepEqual(
      found.map(({ verdict }) => verdict.type),
      ['alarm'],
    );
  });

  it('leave one to be killed when the other comes back', () => {
    const found = judge(40, (round) => [silent('a'), silent('b', { answered: round > 20 })]);
    assert.deepEqual(
      found.map(({ round, verdict }) => [round, verdict.type]),
      [
        [12, 'alarm'],
        [21, 'frozen'],
      ],
    );
  });

  it('are so while the first that was killed is still there', () => {
    const found = judge(60, (round) => [silent('a'), silent('b', { answered: round < 20 })]);
    assert.deepEqual(
      found.map(({ verdict }) => verdict.type),
      ['frozen', 'alarm'],
    );
  });
});

describe('whatever is seen', () => {
  const names = ['a', 'b', 'c'];
  const observation = fc.record({
    present: fc.boolean(),
    pid: fc.constantFrom(1, 1, 1, 1, 2),
    answered: fc.boolean(),
    moves: fc.constantFrom(0, 0, 0, 1),
    excused: fc.constantFrom(false, false, false, true),
  });
  // Long stretches of the same, so that silences last.
  const stretch = fc.record({
    rounds: fc.integer({ min: 1, max: 20 }),
    gapMs: fc.constantFrom(250, 250, 260, 500, 740, 5000),
    edges: fc.array(observation, { minLength: 3, maxLength: 3 }),
  });

  it('nobody is killed who showed life in time, nor while we were late, nor two at once, nor twice', () => {
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 30 }), (stretches) => {
        let watch = NOTHING_WATCHED;
        let at = 0;
        const lifeAt = new Map<string, { pid: number; at: number }>();
        const counters = new Map<string, number>();
        const condemned = new Map<string, number>();
        for (const { rounds, gapMs, edges } of stretches) {
          for (let round = 0; round < rounds; round++) {
            at += gapMs;
            const late = gapMs > LIMITS.roundMs + LIMITS.lateMs;
            const seen = edges.flatMap(({ present, pid, answered, moves, excused }, index) => {
              const name = names[index] ?? '';
              if (!present) {
                lifeAt.delete(name);
                condemned.delete(name);
                return [];
              }
              const bytes = (counters.get(name) ?? 0) + moves;
              counters.set(name, bytes);
              const before = lifeAt.get(name);
              if (condemned.get(name) !== pid) condemned.delete(name);
              const alive = before?.pid !== pid || answered || moves > 0 || excused || late;
              if (alive) lifeAt.set(name, { pid, at });
              return [silent(name, { pid, answered, bytes, excuse: excused ? ('traced' as const) : null })];
            });
            const step = judgeFreeze(watch, { at, edges: seen }, LIMITS);
            watch = step.watch;
            const { verdict } = step;
            if (verdict.type !== 'frozen') continue;
            assert.ok(at - (lifeAt.get(verdict.name)?.at ?? at) >= LIMITS.freezeAfterMs);
            assert.ok(!late);
            assert.equal(condemned.size, 0, 'one that was killed is still there');
            for (const { name } of seen) {
              const silentMs = at - (lifeAt.get(name)?.at ?? at);
              assert.ok(name === verdict.name || silentMs < LIMITS.freezeAfterMs, 'another is silent as well');
            }
            condemned.set(verdict.name, verdict.pid);
          }
        }
      }),
    );
  });
});

describe('the excuse of a silent process', () => {
  const status = (tracer: number) => `Name:\tsrs\nState:\tS (sleeping)\nTgid:\t42\nTracerPid:\t${tracer}\n`;
  const stat = (state: string) => `42 (a) b (c) ${state} 1 1 1 0 -1`;

  it('is a tracer, or the kernel, or that it is gone', () => {
    assert.equal(excuseOf(stat('S'), status(0)), null);
    assert.equal(excuseOf(stat('R'), status(0)), null);
    assert.equal(excuseOf(stat('D'), status(0)), 'uninterruptible');
    assert.equal(excuseOf(stat('t'), status(7)), 'traced');
    assert.equal(excuseOf(stat('S'), status(7)), 'traced');
    assert.equal(excuseOf(stat('Z'), status(0)), 'gone');
    assert.equal(excuseOf(null, null), 'gone');
  });

  it('is not that it was stopped by a signal', () => {
    assert.equal(excuseOf(stat('T'), status(0)), null);
    assert.equal(excuseOf(stat('T'), status(7)), 'traced');
  });
});
