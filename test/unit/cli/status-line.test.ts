import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCommandLine } from '@dolphin/cli/command-line.js';
import { readStatusLine } from '@dolphin/cli/status-line.js';
import fc from 'fast-check';

const word = fc.constantFrom(
  ...['status', '--json', '--watch', '--api', 'http://10.0.0.1:1', 'http://a:1,http://b:2', 'workers', '--source'],
  ...[
    '--source',
    'auto',
    '--dir',
    '/tmp/x',
    'edges',
    '',
    '-h',
    '--',
    'ftp://h1',
    '--json=yes',
    '--api=http://10.0.0.2:2',
  ],
);
const env = fc.constantFrom({}, { DOLPHIN_API: 'http://10.0.0.3:3' }, { DOLPHIN_API: '', DOLPHIN_DIR: '/tmp/y' });

test('what the short reader of status takes, the parser of all commands reads the same', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 7 }), env, (words, environment) => {
      const short = readStatusLine(words, environment);
      if (short !== null) assert.deepEqual(readCommandLine(words, environment), short);
    }),
    { numRuns: 3_000 },
  );
});

test('the usual forms of status are taken by the short reader', () => {
  for (const line of [
    'status',
    'status --json',
    'status --watch --json',
    '--api http://h1:1 --dir x status --source auto',
  ]) {
    assert.notEqual(readStatusLine(line.split(' '), {}), null, line);
  }
});

test('what is wrong, or another command, is left to the parser', () => {
  for (const line of [
    '',
    'edges',
    'status --nope',
    'status extra',
    'status --help',
    'status --source nobody --source auto',
    '--api ftp://h1 --api http://h1 status',
    '--api ftp://h1 status',
    '--api',
  ]) {
    assert.equal(readStatusLine(line.split(' '), {}), null, line);
  }
  assert.equal(readStatusLine(['status'], { DOLPHIN_API: 'h1:33330' }), null);
});
