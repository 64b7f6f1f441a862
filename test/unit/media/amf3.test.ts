import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AmfValue, decodeAmf0 } from '@dolphin/media';
import fc from 'fast-check';
import { refuses } from './media-arbitraries.js';

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');
/** `11` says that AMF3 follows. */
const read = (text: string) => decodeAmf0(hex(`11 ${text}`));

describe('AMF3 within AMF0', () => {
  const rows: [string, string, AmfValue][] = [
    ['undefined', '00', undefined],
    ['null', '01', null],
    ['false', '02', false],
    ['true', '03', true],
    ['a small integer', '04 7f', 127],
    ['an integer of two bytes', '04 8100', 128],
    ['the largest integer', '04 bfffffff', 2 ** 28 - 1],
    ['a negative integer', '04 ffffffff', -1],
    ['a double', '05 3ff8000000000000', 1.5],
    ['a string', '06 07 616263', 'abc'],
    ['a date', '08 01 0000000000000000', new Date(0)],
    ['a list', '09 05 01 04 01 04 02', [1, 2]],
    ['a list with names', '09 03 03 61 04 05 01 04 06', { a: 5, 0: 6 }],
    ['an object of any names', '0a 0b 01 03 61 04 01 03 62 06 03 78 01', { a: 1, b: 'x' }],
    ['an object of a class', '0a 23 03 43 03 61 03 62 04 01 03', { a: 1, b: true }],
    ['XML', '0b 09 3c612f3e', '<a/>'],
    ['bytes, which AMF0 has none of', '0c 05 0102', undefined],
    ['a reference to an object', '09 05 01 09 01 01 09 02', [[], undefined]],
    ['a string twice', '09 05 01 06 03 61 06 00', ['a', 'a']],
    ['two objects of one class', '09 05 01 0a 13 03 43 03 61 04 01 0a 01 04 02', [{ a: 1 }, { a: 2 }]],
    ['a name that is no prototype', '0a 0b 01 13 5f5f70726f746f5f5f 04 01 01', JSON.parse('{"__proto__":1}')],
  ];
  for (const [what, bytes, value] of rows) {
    it(`is ${what}`, () => {
      assert.deepEqual(read(bytes), [value]);
      // What stands behind it is AMF0 again.
      assert.deepEqual(decodeAmf0(hex(`02 0001 78 11 ${bytes} 05`)), ['x', value, null]);
    });
  }

  it('that cannot be read is refused', () => {
    for (const bytes of ['', '0d 03 00', '06 02', '0a 05', '0a 07 01', '09 7f', '06 7f', '05 00']) {
      assert.throws(() => read(bytes), { code: 'amf0' }, bytes);
    }
  });

  it('takes no more memory than a message may: references, names and depth are counted', () => {
    const long = '61'.repeat(60_000);
    // 120001: the string's length, times two, and one.
    assert.throws(() => read(`09 15 01 06 87a941 ${long} ${'06 00'.repeat(9)}`), { code: 'limit' });
    assert.throws(() => read(`${'09 03 01'.repeat(40)} 01`), { code: 'limit' });
    assert.throws(() => read(`0a a3ffff03 01 ${'01'.repeat(20_000)}`), { code: 'limit' });
    assert.throws(() => read(`09 82b841 01 ${'01'.repeat(20_000)}`), { code: 'limit' });
  });

  it('of random bytes gives values or a MediaError, nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('', '0a0b01', '0905', '0a'), (tail, head) => {
        refuses(() => decodeAmf0(Buffer.concat([hex(`11${head}`), tail])));
      }),
      { numRuns: 1000 },
    );
  });
});
