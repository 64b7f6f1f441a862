import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Keeper } from '@dolphin/launcher/up/keeper.js';
import { onCleanup, type TestScope } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { tempDir } from '../support/temp-dir.js';

/** A keeper of a shell script, which is ready once it made a file of that name; and what the keeper told. */
async function keep(t: TestScope, script: string) {
  const dir = await tempDir(t);
  const told: string[] = [];
  const givenUp: Error[] = [];
  const keeper = new Keeper({
    title: 'thing',
    program: { command: 'sh', args: ['-c', script], cwd: dir, logFile: join(dir, 'thing.log') },
    ready: async () => existsSync(join(dir, 'ready')),
    onPid: () => undefined,
    tell: (text) => told.push(text),
    onGivenUp: (failure) => givenUp.push(failure),
  });
  onCleanup(t, () => keeper.stop(AbortSignal.abort()));
  const lives = async () => (await readFile(join(dir, 'lives'), 'utf8').catch(() => '')).split('\n').length - 1;
  return { keeper, told, givenUp, lives };
}

test('a program that ends for a reason that no restart mends is given up at once with its last words', async (t) => {
  const script = 'echo life >>lives; >ready; echo wrong farm; exit 77';
  const { keeper, told, givenUp, lives } = await keep(t, script);
  // It may end before it was seen to serve: that is the same.
  await keeper.start().catch(() => undefined);
  const failure = await eventually(() => givenUp[0], { what: 'it is given up', deadlineMs: 30_000 });
  assert.match(
    failure.message,
    /thing ended with exit code 77: .*another farm.*no restart mends that.*thing\.log:\n {4}wrong farm/,
  );
  assert.equal(await lives(), 1);
  assert.deepEqual(told, []);
});

test('a program that is not there is given up at once, and its start fails', async (t) => {
  const { keeper, givenUp } = await keep(t, 'exec /no/such/program');
  await assert.rejects(keeper.start(), /thing ended with exit code 127: its program is not there/);
  assert.equal(givenUp.length, 1);
});

test('a program that crashes is started again, and its last words of that life are told', async (t) => {
  const script =
    'echo life >>lives; >ready; if [ $(wc -l <lives) = 1 ]; then echo out of paper; exit 1; fi; exec sleep 600';
  const { keeper, told, givenUp, lives } = await keep(t, script);
  await keeper.start();
  await eventually(async () => (await lives()) === 2, { what: 'it lives again', deadlineMs: 30_000 });
  assert.match(told[0] ?? '', /^thing died \(exit code 1\), starts again in 0\.\d s; it said last: out of paper$/);
  assert.deepEqual(givenUp, []);
});
