import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AmfValue, decodeAmf0, EcmaArray, encodeAmf0 } from '@dolphin/media';
import fc from 'fast-check';
import { amfValue, refuses } from './media-arbitraries.js';

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');
const nested = (depth: number) => {
  let value: AmfValue = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
};

describe('AMF0', () => {
  it('gives back the values that were encoded', () => {
    fc.assert(
      fc.property(fc.array(amfValue, { maxLength: 4 }), (values) => {
        assert.deepEqual(decodeAmf0(encodeAmf0(...values)), values);
      }),
    );
  });

  it('of random bytes gives values or a MediaError, nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        refuses(() => decodeAmf0(Buffer.from(bytes)));
      }),
      { numRuns: 500 },
    );
  });

  it('cut short gives values or a MediaError, nothing else', () => {
    fc.assert(
      fc.property(amfValue, fc.nat(), (value, at) => {
        const bytes = encodeAmf0(value);
        refuses(() => decodeAmf0(bytes.subarray(0, at % (bytes.length + 1))));
      }),
    );
  });

  it('writes a string above 65535 bytes as a long string', () => {
    const text = 'x'.repeat(70_000);
    assert.equal(encodeAmf0(text)[0], 0x0c);
    assert.deepEqual(decodeAmf0(encodeAmf0(text)), [text]);
  });

  it('reads ECMA arrays as objects, whatever their count says', () => {
    assert.deepEqual(decodeAmf0(hex('08 00000000 0001 61 05 0001 62 0101 000009')), [{ a: null, b: true }]);
    assert.deepEqual(decodeAmf0(encodeAmf0(new EcmaArray({ a: 1 }))), [{ a: 1 }]);
    assert.equal(
      encodeAmf0(new EcmaArray({ a: 1 }))
        .subarray(0, 5)
        .toString('hex'),
      '0800000001',
    );
  });

  it('lets the end of an object be missing at the end of the payload', () => {
    assert.deepEqual(decodeAmf0(hex('03 0001 61 05')), [{ a: null }]);
  });

  it('reads typed objects without their type, XML as text, unsupported as undefined', () => {
    assert.deepEqual(decodeAmf0(hex('10 0001 54 0001 61 05 000009')), [{ a: null }]);
    assert.deepEqual(decodeAmf0(hex('0f 00000002 6869')), ['hi']);
    assert.deepEqual(decodeAmf0(hex('0d')), [undefined]);
  });

  it('refuses to nest deeper than 32, in both directions', () => {
    assert.deepEqual(decodeAmf0(encodeAmf0(nested(32))), [nested(32)]);
    assert.throws(() => encodeAmf0(nested(33)), { code: 'limit' });
    assert.throws(() => decodeAmf0(Buffer.concat(Array(40).fill(hex('0a 00000001')))), { code: 'limit' });
  });

  it('refuses to write what contains itself', () => {
    const list: AmfValue[] = [];
    list.push(list);
    assert.throws(() => encodeAmf0(list), { code: 'limit' });
  });

  it('refuses a list longer than the payload, and more than 100,000 values', () => {
    assert.throws(() => decodeAmf0(hex('0a ffffffff 05')), { code: 'amf0' });
    const many = Buffer.alloc(5 + 100_001, 5);
    many[0] = 0x0a;
    many.writeUInt32BE(100_001, 1);
    assert.throws(() => decodeAmf0(many), { code: 'limit' });
  });

  it('does not let a key reach the prototype', () => {
    const [value] = decodeAmf0(hex('03 0009 5f5f70726f746f5f5f 03 0001 61 0101 000009 000009'));
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal(({} as Record<string, unknown>)['a'], undefined);
  });
});
