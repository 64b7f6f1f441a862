import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SnapshotFile } from '@dolphin/eventlog';
import { tempDir } from '../support/temp-dir.js';

const checkpoint = { created: '2026-01-01T00:00:00Z', sequence: 7, messageId: 'm7' };

describe('a snapshot file', () => {
  it('gives back what was saved, and leaves nothing else behind', async (t) => {
    const dir = await tempDir(t);
    const file = new SnapshotFile(join(dir, 'fold.json'), 'build-1');
    assert.equal(await file.load(), null);
    await file.save(checkpoint, { hosts: ['h1'] });
    await file.save({ ...checkpoint, sequence: 8 }, { hosts: ['h1', 'h2'] });
    assert.deepEqual(await file.load(), {
      checkpoint: { ...checkpoint, sequence: 8 },
      state: { hosts: ['h1', 'h2'] },
    });
    assert.deepEqual(await readdir(dir), ['fold.json']);
  });

  it('is ignored when another build wrote it, or when it is not whole', async (t) => {
    const path = join(await tempDir(t), 'fold.json');
    await new SnapshotFile(path, 'build-1').save(checkpoint, {});
    assert.equal(await new SnapshotFile(path, 'build-2').load(), null);
    for (const text of ['', '{', 'null', '[]', '{"buildId":"build-1"}', '{"buildId":"build-1","created":1}']) {
      await writeFile(path, text);
      assert.equal(await new SnapshotFile(path, 'build-1').load(), null, text);
    }
  });

  it('does not fail its owner when it cannot be written', async (t) => {
    const dir = await tempDir(t);
    await new SnapshotFile(join(dir, 'no', 'such', 'dir', 'fold.json'), 'b').save(checkpoint, {});
  });
});
