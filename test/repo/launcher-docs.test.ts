import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { USAGE as BENCH_USAGE } from '@dolphin/bench/usage.js';
import { DOWN_USAGE, INVITE_USAGE, UP_USAGE } from '@dolphin/launcher/flags.js';
import { USAGE as WORKER_USAGE } from '@dolphin/worker/config.js';
import { fromRoot } from '../support/paths.js';
import { readRepo } from './workspace.js';

const page = () => readRepo('docs/reference/launcher.md');
const help = () => spawnSync(fromRoot('dolphin'), ['help'], { encoding: 'utf8' });

test('./dolphin help stands word by word in docs/reference/launcher.md', () => {
  const { status, stdout } = help();
  assert.equal(status, 0);
  assert.ok(page().includes(`\`\`\`\n${stdout}\`\`\`\n`), stdout);
});

test('the flags of up, down, invite, worker and bench stand word by word in docs/reference/launcher.md', () => {
  for (const usage of [UP_USAGE, DOWN_USAGE, INVITE_USAGE, WORKER_USAGE, BENCH_USAGE])
    assert.ok(page().includes(`\`\`\`\n${usage}\`\`\`\n`), usage);
});

test('every verb that ./dolphin takes is in its help', () => {
  const verbs = [...readRepo('dolphin').matchAll(/^ {2}([a-z]+)(?: \| --\w+ \| -\w)?\)$/gm)].map((match) => match[1]);
  assert.deepEqual(verbs, ['help', 'up', 'down', 'test', 'check', 'bench', 'invite', 'worker', 'cli']);
  const text = help().stdout;
  for (const verb of verbs) assert.match(text, new RegExp(`^ {2}\\./dolphin ${verb}\\b`, 'm'));
});
