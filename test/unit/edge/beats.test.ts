import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BEAT_TURNS, Beats } from '@dolphin/edge/app/beats.js';
import fc from 'fast-check';
import { TurnedClock } from '../../support/turned-clock.js';

const EVERY_MS = 320;

describe('beats', () => {
  it('come to each once in its time, until it leaves', () => {
    const clock = new TurnedClock();
    const beats = new Beats(clock);
    const seen: number[] = [];
    const leave = beats.every(EVERY_MS, () => void seen.push(clock.now()));
    const beganMs = clock.now();
    for (let ms = 0; ms < 5 * EVERY_MS; ms++) clock.pass(1);
    assert.deepEqual(
      seen.map((ms) => ms - beganMs),
      [1, 2, 3, 4, 5].map((n) => n * EVERY_MS),
    );
    leave();
    clock.pass(2 * EVERY_MS);
    assert.equal(seen.length, 5);
  });

  it('are few turns for all, and each has its own at one distance, whoever comes and goes', () => {
    const step = fc.record({ joins: fc.nat({ max: 60 }), leaves: fc.nat({ max: 20 }), passMs: fc.nat({ max: 900 }) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const clock = new TurnedClock();
        const beats = new Beats(clock);
        const members: { leave: () => void; lastMs: number; isGone: boolean; hasBeat: boolean }[] = [];
        const pass = (ms: number) => {
          for (let i = 0; i < ms; i += 4) clock.pass(4);
        };
        for (const { joins, leaves, passMs } of steps) {
          for (let i = 0; i < joins; i++) {
            const member = { leave: () => {}, lastMs: clock.now(), isGone: false, hasBeat: false };
            member.leave = beats.every(EVERY_MS, () => {
              assert.ok(!member.isGone);
              const sinceMs = clock.now() - member.lastMs;
              if (member.hasBeat) assert.equal(sinceMs, EVERY_MS);
              else assert.ok(sinceMs <= 1.25 * EVERY_MS);
              member.lastMs = clock.now();
              member.hasBeat = true;
            });
            members.push(member);
          }
          for (const member of members.splice(0, leaves)) {
            member.leave();
            member.isGone = true;
          }
          pass(passMs);
        }
        pass(2 * EVERY_MS);
        const turns = new Map<number, number>();
        for (const { lastMs } of members) turns.set(lastMs, (turns.get(lastMs) ?? 0) + 1);
        assert.ok(turns.size <= BEAT_TURNS);
        assert.ok(members.every(({ lastMs }) => clock.now() - lastMs <= EVERY_MS));
      }),
      { numRuns: 60 },
    );
  });

  it('take one turn for all that begin together, as many as there are turns', () => {
    const clock = new TurnedClock();
    const beats = new Beats(clock);
    const at = new Map<number, number>();
    for (let i = 0; i < 10 * BEAT_TURNS; i++) {
      beats.every(EVERY_MS, () => void at.set(clock.now(), (at.get(clock.now()) ?? 0) + 1));
    }
    for (let ms = 0; ms < 2 * EVERY_MS; ms++) clock.pass(1);
    const counts = [...at.values()].slice(0, BEAT_TURNS);
    assert.deepEqual(counts, Array(BEAT_TURNS).fill(10));
  });

  it('that a stalled process missed are left out', () => {
    const clock = new TurnedClock();
    const beats = new Beats(clock);
    let count = 0;
    beats.every(EVERY_MS, () => void count++);
    clock.pass(10.5 * EVERY_MS);
    assert.equal(count, 1);
    clock.pass(EVERY_MS / 2);
    assert.equal(count, 2);
  });

  it('end for all whom one of them sends away', () => {
    const clock = new TurnedClock();
    const beats = new Beats(clock);
    let count = 0;
    const leaves: (() => void)[] = [];
    for (let i = 0; i < 2 * BEAT_TURNS; i++) {
      leaves.push(
        beats.every(EVERY_MS, () => {
          count++;
          for (const leave of leaves) leave();
        }),
      );
    }
    clock.pass(3 * EVERY_MS);
    assert.equal(count, 1);
  });
});
