import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastWords } from '@dolphin/launcher/domain/last-words.js';
import fc from 'fast-check';

test('the last line is what it said last', () => {
  assert.equal(
    lastWords(['starting', 'dolphin-worker: this is farm a, not b']),
    'dolphin-worker: this is farm a, not b',
  );
});

test('of a crash of Node the error is told, not its stack or what follows it', () => {
  const crash = [
    'file.js:3',
    '  throw new Error()',
    '    ^',
    '',
    'Error: no space',
    '    at a (x.js:1:2)',
    '',
    'Node.js v20.1',
  ];
  assert.equal(lastWords(crash), 'Error: no space');
});

test('of a JSON line its message and its reasons are told', () => {
  assert.equal(lastWords(['{"level":50,"msg":"cannot bind","err":{"message":"EACCES"}}']), 'cannot bind: EACCES');
  assert.equal(lastWords(['{"level":30,"why":"late","msg":"over"}']), 'over: late');
});

test('a JSON line that was cut off, or says nothing, is told as it is', () => {
  assert.equal(lastWords(['{"level":50,"ms']), '{"level":50,"ms');
  assert.equal(lastWords(['{"level":50}']), '{"level":50}');
});

test('whatever a log holds, the words are one short line, or none', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 500 })), (lines) => {
      const words = lastWords(lines.flatMap((line) => line.split('\n')));
      assert.ok(words === null || (words.length <= 300 && words !== ''));
    }),
  );
  assert.equal(lastWords([]), null);
});
