import assert from 'node:assert/strict';
import { test } from 'node:test';
import { age, oneLine, shortBytes, shortNumber } from '@dolphin/cli/domain/words.js';
import fc from 'fast-check';
import { anyCharacter } from '../../support/any-character.js';

test('numbers are short, and say their size', () => {
  const shown = [0, 950.4, 9_999, 12_345, 99_960, 999_499, 999_500, 4_200_000, 2e9].map(shortNumber);
  assert.deepEqual(shown, ['0', '950', '9999', '12.3k', '100k', '999k', '1.0M', '4.2M', '2.0G']);
});

test('no number below 10^12 takes more than five characters', () => {
  fc.assert(fc.property(fc.double({ min: 0, max: 9.9e11, noNaN: true }), (n) => assert.ok(shortNumber(n).length <= 5)));
});

test('bytes are in powers of 1024', () => {
  const shown = [0, 512, 1024, 13.5 * 1024 ** 2, 1023.9 * 1024, 8 * 1024 ** 3, 3 * 1024 ** 5].map(shortBytes);
  assert.deepEqual(shown, ['0', '512', '1.0K', '13.5M', '1.0M', '8.0G', '3072T']);
});

test('ages are in the unit that says most', () => {
  const shown = [0, 350, 12_000, 119_000, 120_000, 7_200_000, 2 * 86_400_000].map(age);
  assert.deepEqual(shown, ['0 ms', '350 ms', '12 s', '119 s', '2 min', '2 h', '2 d']);
});

test('one line stays one line, without control characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (text) => {
      const line = oneLine(text);
      for (const char of line) {
        const code = char.codePointAt(0) ?? 0;
        assert.ok(code >= 32 && !(code >= 127 && code < 160));
      }
    }),
  );
});
