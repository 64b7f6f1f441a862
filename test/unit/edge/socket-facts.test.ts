import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOfThisHost } from '@dolphin/edge/net/socket-facts.js';

const between = (remoteAddress: string | undefined, localAddress: string | undefined) =>
  isOfThisHost({ remoteAddress, localAddress } as never);

test('a peer is of this host on loopback, and where both ends have one address', () => {
  assert.equal(between('127.0.0.7', '127.0.0.1'), true);
  assert.equal(between('::ffff:127.0.0.7', '::ffff:127.0.0.1'), true);
  assert.equal(between('::1', '::1'), true);
  assert.equal(between('10.77.0.2', '10.77.0.2'), true);
  assert.equal(between('::ffff:10.77.0.2', '10.77.0.2'), true);
});

test('any other peer is not, nor one whose socket is gone', () => {
  assert.equal(between('10.77.0.3', '10.77.0.2'), false);
  assert.equal(between('10.77.0.12', '10.77.0.1'), false);
  assert.equal(between(undefined, undefined), false);
});
