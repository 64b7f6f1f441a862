import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameOf } from '@dolphin/cli/domain/frame.js';
import { isNewer } from '@dolphin/cli/domain/newest-view.js';
import { farmView } from './samples.js';

const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`);
/** What stands on the screen, without the words to the terminal. */
const shown = (frame: string) => {
  const words = ['\u001b[H', '\u001b[K', '\u001b[J'];
  return words
    .reduce((text, word) => text.replaceAll(word, ''), frame)
    .split('\n')
    .slice(0, -1);
};

test('a frame is written over the one before: from the top, each line to its end, and what is below is taken away', () => {
  assert.equal(frameOf(['a', 'b'], 24), '\u001b[Ha\u001b[K\nb\u001b[K\n\u001b[J');
});

test('a frame never has as many lines as the terminal has rows, keeps its last line, and says what it leaves out', () => {
  assert.deepEqual(shown(frameOf(lines(9), 10)), lines(9));
  assert.deepEqual(shown(frameOf(lines(10), 10)), [...lines(7), '… 2 more lines', 'line 9']);
  for (let rows = 1; rows < 12; rows++) assert.ok(shown(frameOf(lines(20), rows)).length <= Math.max(1, rows - 1));
});

test('of two leaders the one in the higher term is shown, whoever speaks last', () => {
  const of = (term: number | null, farmId = farmView().farmId) =>
    farmView({ farmId, leader: term === null ? null : { master: `m${term}`, term } });
  assert.ok(isNewer(of(1), null));
  assert.ok(isNewer(of(3), of(3)));
  assert.ok(isNewer(of(4), of(3)));
  assert.ok(!isNewer(of(2), of(3)));
  assert.ok(!isNewer(of(null), of(3)));
  assert.ok(isNewer(of(1, '7b1c1f1e-5f0b-4b57-9b53-6a1dd0f4f00f'), of(3)));
});
