import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { edgeKeyOf } from '@dolphin/cli/domain/edge-key.js';
import { eventLines } from '@dolphin/cli/domain/event-line.js';
import { isComplete, WALK_START, type WhyAbout, walkBack } from '@dolphin/cli/domain/why.js';
import type { EventRow } from '@dolphin/protocol';
import fc from 'fast-check';

const EDGE = { role: 'stream', slot: 2, generation: 1 } as const;

function row(sequence: number, kind: EventRow['kind'], type: string, data: object, cause?: string): EventRow {
  const by = kind === 'fact' ? 'h1' : 'm1';
  const time = ['10:31:03.120', '10:31:03.131', '10:31:04.007', '10:35:40.660'][[12, 14, 19, 31].indexOf(sequence)];
  const at = `2026-11-21T${time ?? '10:00:00.000'}Z`;
  const causationId = cause === undefined ? {} : { causationId: cause };
  return { sequence, index: 0, at, kind, by, type, id: `id-${sequence}`, data: { ...data }, ...causationId };
}

const spec = { edges: { perHost: 4 } };
const LOG = [
  row(12, 'operator', 'farm-applied', { specVersion: 1, spec, who: 'me@h1' }),
  row(14, 'decision', 'edge-assigned', { host: 'h1', ...EDGE, engine: 'builtin' }, 'id-12'),
  row(15, 'decision', 'edge-assigned', { host: 'h1', ...EDGE, slot: 3, engine: 'builtin' }, 'id-12'),
  row(19, 'fact', 'edge-started', { ...EDGE, pid: 4715, engine: 'builtin', attempt: 1 }, 'id-14'),
  row(20, 'fact', 'edge-started', { ...EDGE, slot: 3, pid: 4716, engine: 'builtin', attempt: 1 }, 'id-15'),
  row(
    ...([
      31,
      'fact',
      'edge-exited',
      { ...EDGE, pid: 4715, signal: 'SIGKILL', uptimeMs: 277_000, asked: false },
    ] as const),
    'id-19',
  ),
  row(33, 'fact', 'command-refused', { code: 'E_TERM_STALE', message: 'late' }, 'id-15/spawn/7'),
];

const chainOf = (about: WhyAbout, log: readonly EventRow[] = LOG) => walkBack(WALK_START, about, log);
const sequences = (about: WhyAbout) => chainOf(about).chain.map(({ sequence }) => sequence);

test('the example in docs/reference/cli.md is what why prints of such a log', () => {
  const page = readFileSync(new URL('../../../../docs/reference/cli.md', import.meta.url), 'utf8');
  const lines = eventLines(chainOf({ sequence: 31 }).chain, { utcOffsetAt: () => 0, width: null });
  assert.ok(page.includes(`\n${lines.join('\n')}\n`), lines.join('\n'));
});

test('an edge is explained by the newest entry about it, a command by the decision behind it', () => {
  assert.deepEqual(sequences({ host: 'h1', role: 'stream', slot: 2 }), [12, 14, 19, 31]);
  assert.deepEqual(sequences({ host: 'h1', role: 'stream', slot: 3 }), [12, 15, 20]);
  assert.deepEqual(sequences({ host: 'h2', role: 'stream', slot: 3 }), []);
  assert.deepEqual(sequences({ sequence: 33 }), [12, 15, 33]);
  assert.deepEqual(sequences({ sequence: 13 }), []);
});

test('it is complete with an entry that has no cause, and names a cause that is not there', () => {
  assert.ok(isComplete(chainOf({ sequence: 31 })));
  assert.ok(!isComplete(chainOf({ sequence: 13 })));
  const tail = chainOf({ sequence: 31 }, LOG.slice(3));
  assert.deepEqual([tail.wanted, isComplete(tail)], [['id-14'], false]);
});

test('however the log is cut into pages, the chain is the same, each entry behind its cause', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1 });
  const causes = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(causes, sizes, fc.nat(1_000), (picks, cuts, pick) => {
      const log = picks.map((at, index) =>
        row(index + 1, 'fact', 'host-left', {}, at % (index + 1) === 0 ? undefined : `id-${at % (index + 1)}`),
      );
      const about = { sequence: (pick % log.length) + 1 };
      const whole = chainOf(about, log);
      let walk = WALK_START;
      let end = log.length;
      for (let turn = 0; end > 0; turn++) {
        const start = Math.max(0, end - (cuts[turn % cuts.length] ?? 1));
        walk = walkBack(walk, about, log.slice(start, end));
        end = start;
      }
      assert.deepEqual(walk, whole);
      assert.ok(isComplete(whole));
      for (const [index, one] of whole.chain.entries()) {
        assert.equal(one.causationId, whole.chain[index - 1]?.id);
      }
    }),
  );
});

test('names of edges are read with the side of their slot, and nothing else is one', () => {
  assert.deepEqual(edgeKeyOf('stream-12'), { role: 'stream', slot: 12 });
  assert.deepEqual(edgeKeyOf('back-source-0.b'), { role: 'back-source', slot: 0 });
  assert.deepEqual(edgeKeyOf('http-0'), { role: 'http', slot: 0 });
  for (const text of ['stream', 'stream-', 'https-1', 'stream-1.c', 'h1']) assert.equal(edgeKeyOf(text), null, text);
});
