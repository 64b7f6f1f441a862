import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lockDirectory } from '@dolphin/runtime';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

test('one process of a role holds the lock of a directory until it lets go, and others learn its pid', async (t) => {
  const dir = await tempDir(t);
  const lock = await lockDirectory(dir, 'keeper');
  assert.ok(lock.held);
  assert.deepEqual(await lockDirectory(dir, 'keeper'), { held: false, pid: process.pid });
  const other = await lockDirectory(dir, 'guest');
  assert.ok(other.held, 'another role is another lock');
  other.release();
  lock.release();
  const again = await lockDirectory(dir, 'keeper');
  assert.ok(again.held);
  again.release();
});

test('the lock of a process that was killed is free', async (t) => {
  const dir = await tempDir(t);
  const runtime = import.meta.resolve('@dolphin/runtime');
  const script = `
    const { lockDirectory } = await import(${JSON.stringify(runtime)});
    const lock = await lockDirectory(${JSON.stringify(dir)}, 'keeper');
    if (lock.held) process.kill(process.pid, 'SIGKILL');`;
  await run(t, process.execPath, ['--input-type=module', '-e', script]);
  const lock = await lockDirectory(dir, 'keeper');
  assert.ok(lock.held);
  lock.release();
});
