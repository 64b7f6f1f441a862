import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sumUp } from '@dolphin/cli/domain/status.js';
import { STATUS_EXIT } from '@dolphin/cli/domain/status-level.js';
import { statusLines } from '@dolphin/cli/domain/status-lines.js';
import { fromRoot } from '../support/paths.js';
import { answerOf, BY_MASTER, edgeView, farmView, NOW } from '../unit/cli/samples.js';
import { cli } from './cli-support/fake-farm.js';

const page = readFileSync(fromRoot('docs/reference/cli.md'), 'utf8');
const flagsOf = (text: string) => [...text.matchAll(/(?<![\w-])--?[a-z][a-z-]*/g)].map(([flag]) => flag);
const unique = (words: readonly string[]) => [...new Set(words)].sort();

/** `| \`status [--json] [--watch]\` | …`: verb → its flags. */
const documented = new Map(
  [...page.matchAll(/^\| `([a-z]+)( [^`]*)?` \|/gm)]
    .filter(([, , flags]) => flags !== undefined)
    .map(([, verb = '', flags = '']) => [verb, unique(flagsOf(flags))]),
);

test('docs/reference/cli.md names the verbs that --help names', async (t) => {
  const { stdout } = await cli(t, 'http://127.0.0.1:9', '--help');
  const verbs = [...stdout.matchAll(/^ {2}([a-z]+) \[options\]/gm)].map(([, verb]) => verb);
  assert.deepEqual([...documented.keys()], verbs);
});

test('docs/reference/cli.md gives each verb the flags that its --help gives it', async (t) => {
  for (const [verb, flags] of documented) {
    const { stdout } = await cli(t, 'http://127.0.0.1:9', verb, '--help');
    const lines = stdout.split('\n').filter((line) => /^ {2}-/.test(line));
    const long = lines.map((line) => flagsOf(line.trim().split(/ {2,}/)[0] ?? ''));
    const known = long.filter((names) => !names.includes('--help'));
    // A flag with a short form is documented by that.
    assert.deepEqual(flags, unique(known.map((names) => names[0] ?? '')), verb);
  }
});

test('docs/reference/cli.md gives status the exit codes that it has', () => {
  const rows = [...page.matchAll(/^\| (\d) \| `([a-z]+)` \|/gm)].map(([, exit, level]) => [level, Number(exit)]);
  assert.deepEqual(Object.fromEntries(rows), STATUS_EXIT);
});

test('the example of status in docs/reference/cli.md is what status prints, and its fields are all named', () => {
  const stream = (clients: number, publishers = 0) => [{ clients, publishers, sendKbitPerS: clients * 510 }];
  const answers = [answerOf(5000, stream(2)), answerOf(5001, stream(2, 1)), answerOf(5002, stream(1))];
  const edges = [
    edgeView('back-source', { kbitPerS: 1020 }),
    edgeView(0, { kbitPerS: 1020 }),
    edgeView(1, { kbitPerS: 510 }),
  ];
  const status = sumUp(farmView({ edges }), answers, { at: NOW, ...BY_MASTER });
  assert.ok(page.includes(`\n${statusLines(status).join('\n')}\n`), statusLines(status).join('\n'));
  for (const name of fieldsOf(status)) assert.match(page, new RegExp(`\\b${name}\\b`), name);
});

function fieldsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(fieldsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, under]) => [name, ...fieldsOf(under)]);
}
