import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { holdPidFile } from '@dolphin/edge/process/pid-file.js';
import { tempDir } from '../support/temp-dir.js';

describe('a pid file', () => {
  it('is gone before another process can have it', async (t) => {
    const path = join(await tempDir(t), 'edge.pid');
    let wasThere: boolean | null = null;
    const held = await holdPidFile(path, async () => () => {
      wasThere = existsSync(path);
    });
    assert.equal(readFileSync(path, 'utf8'), `${process.pid}`);
    held.remove();
    assert.equal(wasThere, false);
  });

  it('is one process’s until it is taken away, and never taken away from another', async (t) => {
    const path = join(await tempDir(t), 'edge.pid');
    const held = await holdPidFile(path);
    await assert.rejects(holdPidFile(path), { exitCode: 11 });
    held.remove();
    const next = await holdPidFile(path);
    writeFileSync(path, '1');
    next.remove();
    assert.equal(readFileSync(path, 'utf8'), '1');
  });
});
