import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTerminal } from '@dolphin/launcher/terminal.js';
import { Parts } from '@dolphin/launcher/up/parts.js';
import { placesIn } from '@dolphin/launcher/up/places.js';
import { RunRecordFile } from '@dolphin/launcher/up/run-record.js';
import { onCleanup } from '../support/cleanup.js';
import { tempDir } from '../support/temp-dir.js';

test('a Redis that does not start is told of and gives nothing else up; any other part does', async (t) => {
  const dir = await tempDir(t);
  const record = new RunRecordFile(dir);
  record.claim({});
  const told: string[] = [];
  const terminal = { ...createTerminal(), happened: (text: string) => told.push(text) };
  const givenUp: Error[] = [];
  const parts = new Parts(record, placesIn(dir), terminal, (failure) => givenUp.push(failure));
  onCleanup(t, () => parts.stopAll({ hurry: AbortSignal.abort(), keepPod: true }));
  const part = (title: string) => ({
    title,
    program: { command: 'sh', args: ['-c', 'echo no memory; exit 1'], cwd: dir, logFile: join(dir, `${title}.log`) },
    ready: async () => false,
  });
  await assert.rejects(parts.launch('redis', part('redis-server')), /redis-server does not start/);
  assert.deepEqual(givenUp, []);
  assert.match(told.join('\n'), /redis-server does not start[\s\S]*no memory/);
  await assert.rejects(parts.launch('origin', part('origin')), /origin does not start/);
  assert.equal(givenUp.length, 1);
});
