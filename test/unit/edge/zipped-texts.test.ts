import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ZippedTexts } from '@dolphin/edge/app/zipped-texts.js';

describe('texts that are zipped once', () => {
  it('are kept up to a bound, and the oldest forgotten first', () => {
    let zipped = 0;
    const texts = new ZippedTexts((body) => {
      zipped++;
      return body;
    });
    const text = (index: number) => `${index}${'x'.repeat(99_999)}`.slice(0, 100_000);
    const ask = (index: number) => texts.of(text(index), Buffer.from(text(index)));
    for (let index = 0; index < 20; index++) ask(index);
    for (let index = 19; index >= 10; index--) assert.equal(ask(index).toString(), text(index));
    assert.equal(zipped, 20, 'a MiB of them is kept');
    ask(9);
    assert.equal(zipped, 21);
  });
});
