import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Column, cut, tableLines, wrap } from '@dolphin/cli/domain/table.js';
import fc from 'fast-check';

test('columns are as wide as their widest cell, numbers to the right, without spaces at the end', () => {
  const columns: Column[] = [{ title: 'HOST' }, { title: 'N', align: 'right' }, { title: 'WHY' }];
  assert.deepEqual(
    tableLines(columns, [
      ['h1', '7', 'x'],
      ['edge-4', '1234', ''],
    ]),
    ['HOST       N  WHY', 'h1         7  x', 'edge-4  1234'],
  );
});

test('what may be cut is cut, with an ellipsis, and nothing else', () => {
  const columns: Column[] = [
    { title: 'HOST', shrinkTo: 4 },
    { title: 'PID', align: 'right' },
  ];
  assert.deepEqual(tableLines(columns, [['a-very-long-name', '1234567']], 16), [
    'HOST         PID',
    'a-very…  1234567',
  ]);
});

test('where cutting is not enough, the last optional column is left out, and what was cut comes back', () => {
  const columns: Column[] = [
    { title: 'HOST', shrinkTo: 4 },
    { title: 'A', optional: true },
    { title: 'B', optional: true },
    { title: 'PID' },
  ];
  const rows = [['abcdef', 'aaaa', 'bbbb', '1234']];
  assert.deepEqual(tableLines(columns, rows, 19), ['HOST    A     PID', 'abcdef  aaaa  1234']);
});

test('a table is never wider than its width when its fixed columns fit', () => {
  const cells = fc.tuple(fc.string({ maxLength: 60 }), fc.string({ maxLength: 60 }), fc.nat(9_999_999).map(String));
  const columns: Column[] = [
    { title: 'STREAM', shrinkTo: 6 },
    { title: 'CODECS', optional: true },
    { title: 'PID', align: 'right' },
  ];
  fc.assert(
    fc.property(fc.array(cells, { maxLength: 5 }), fc.integer({ min: 16, max: 80 }), (rows, width) => {
      for (const line of tableLines(columns, rows, width)) assert.ok(line.length <= width, line);
    }),
  );
});

test('cut keeps what fits', () => {
  assert.deepEqual([cut('abc', 3), cut('abcd', 3), cut('abcd', 1), cut('abcd', 0)], ['abc', 'ab…', 'a', '']);
});

test('wrap breaks at spaces, and indents what follows', () => {
  assert.deepEqual(wrap('! one two three four', 11, '  '), ['! one two', '  three', '  four']);
});

test('wrap loses nothing, and ends, also without a space', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z ]{0,200}$/), (text) => {
      const lines = wrap(text, 20, '  ');
      for (const line of lines) assert.ok(line.length <= 20);
      assert.equal(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''));
    }),
  );
});

test('what others wrote into a cell does nothing to a terminal', () => {
  const columns: Column[] = [{ title: 'ADDRESS' }, { title: 'N' }];
  assert.deepEqual(tableLines(columns, [['\u001b[2J\n10.0.0.1\u009b', '1']]), ['ADDRESS       N', '[2J 10.0.0.1  1']);
});
