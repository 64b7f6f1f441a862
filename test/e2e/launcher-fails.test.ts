import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { onCleanup } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { fromRoot } from '../support/paths.js';
import { freePortRange } from '../support/ports.js';
import { isAlive, processesWith, run, startProcess } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

const dolphin = fromRoot('dolphin');
/** A cold start of nine processes on a machine that runs other tests, too. */
const UP_DEADLINE_MS = 60_000;

test('an up that fails leaves the pod of the last one serving, says so, and down ends it', async (t) => {
  const dir = await tempDir(t);
  const base = await freePortRange(80);
  const args = ['up', '--dir', dir, '--port-base', String(base), '--edges', '1', '--no-demo'];
  const down = () => run(t, dolphin, ['down', '--dir', dir], { deadlineMs: UP_DEADLINE_MS });
  onCleanup(t, async () => void (await down()));
  const failingUp = () => run(t, dolphin, args, { deadlineMs: UP_DEADLINE_MS });
  const record = async () => JSON.parse(await readFile(join(dir, 'up.json'), 'utf8')) as { parts: object };

  const first = startProcess(t, dolphin, args, { detached: true });
  await first.printed(/Ctrl-C stops all of it/, UP_DEADLINE_MS);
  const pod = processesWith(dir).find(({ command }) => command.includes('dolphin-pod'))?.pid;
  assert.ok(pod, 'the pod runs');
  first.kill('SIGKILL');
  await first.ends();
  const goesOn = new RegExp(`the pod goes on serving; \\./dolphin down --dir ${dir} ends it \\(pid ${pod}\\)`);
  const onlyThePodIsLeft = async (what: string) => {
    assert.ok(isAlive(pod), `the pod goes on after ${what}`);
    assert.deepEqual(Object.keys((await record()).parts), ['pod'], `after ${what}`);
  };

  const holder = createServer();
  await eventually(
    () =>
      new Promise((done) => holder.once('error', () => done(false)).listen(base + 3, '127.0.0.1', () => done(true))),
    {
      what: 'the redis port of the killed up is free',
    },
  );
  const taken = await failingUp();
  await new Promise((done) => holder.close(done));
  assert.equal(taken.code, 69, taken.stderr);
  assert.match(taken.stderr, new RegExp(`port ${base + 3} is taken by`));
  assert.match(taken.stdout, goesOn);
  await onlyThePodIsLeft('a port that was taken');

  await rm(join(dir, 'nats'), { recursive: true });
  const lost = await failingUp();
  assert.equal(lost.code, 69, lost.stderr);
  const wayBack = `begin a new farm: ./dolphin down --dir ${dir}, then move ${dir} away`;
  assert.ok(lost.stderr.includes(wayBack) && /E_LOG_LOST/.test(lost.stderr), lost.stderr);
  assert.match(lost.stdout, goesOn);
  await onlyThePodIsLeft('a log that was lost');

  // Half of the way back: the master begins a new farm, and the worker is still of the old one.
  await rm(join(dir, 'master'), { recursive: true });
  const foreign = await failingUp();
  assert.equal(foreign.code, 1, foreign.stderr);
  assert.match(foreign.stderr, /worker ended with exit code 77: .* no restart mends that; [\s\S]*this is farm/);
  assert.match(foreign.stdout, goesOn);
  await onlyThePodIsLeft("a worker of another farm's");

  assert.match((await down()).stdout, new RegExp(`pod, pid ${pod}: ended`));
  assert.deepEqual(processesWith(dir), []);
});
