import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { fromRoot } from '../support/paths.js';
import { run } from '../support/processes.js';

/** Figures of a busy machine may be void, which is exit code 1; what is asserted is that there are any. */
const benchEdge = async (t: TestContext, ...args: string[]): Promise<unknown> => {
  const all = ['edge', '--seconds', '1', '--rounds', '1', '--program', 'builtin', '--json', ...args];
  const { code, stdout, stderr } = await run(t, process.execPath, [fromRoot('bench/dist/main.js'), ...all]);
  assert.ok(code === 0 || code === 1, stderr);
  return JSON.parse(stdout);
};

describe('bench edge', () => {
  it('publishes many streams at once, and counts what went to the server and to the floor', async (t) => {
    const report = await benchEdge(t, '--scenario', 'publishers', '--publishers', '20');
    const { runs } = report as { runs: { program: string; players: number; kbps: { median: number } }[] };
    assert.deepEqual(
      runs.map(({ program, players }) => [program, players]),
      [
        ['floor', 20],
        ['builtin', 20],
      ],
    );
    for (const { kbps } of runs) assert.ok(kbps.median > 0);
  });

  it('tells how late frames come through an origin, and through an edge', async (t) => {
    const result = await benchEdge(t, '--scenario', 'latency', '--players', '2');
    const { rows } = result as { rows: { path: string; frames: number; median: number }[] };
    assert.deepEqual(
      rows.map(({ path }) => path),
      ['origin', 'edge'],
    );
    for (const { frames, median } of rows) assert.ok(frames > 0 && median >= 0);
  });
});
