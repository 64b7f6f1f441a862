import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeProxyHeader } from '@dolphin/srs';

describe('the RTMP proxy header', () => {
  it('is F3, the length, and the four bytes of the address', () => {
    assert.deepEqual(encodeProxyHeader('192.168.1.250'), Buffer.from([0xf3, 0, 4, 192, 168, 1, 250]));
  });

  it('sees the IPv4 address behind the mapped form that a dual-stack socket reports', () => {
    assert.deepEqual(encodeProxyHeader('::ffff:10.0.0.1'), Buffer.from([0xf3, 0, 4, 10, 0, 0, 1]));
  });

  it('does not exist for IPv6, nor for what is no address', () => {
    for (const text of ['::1', '2001:db8::1', '', '1.2.3', '1.2.3.256', '1.2.3.4.5', 'localhost']) {
      assert.equal(encodeProxyHeader(text), null, text);
    }
  });
});
