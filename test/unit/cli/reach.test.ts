import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWithinReach } from '@dolphin/cli/domain/reach.js';

const own = new Set(['gamma', '127.0.0.1', '10.77.0.9', '::1']);
const loopback = { api: 'http://127.0.0.1:33332' };
const open = { api: 'http://10.77.0.2:33332' };

test('an API on loopback can be asked on its own machine alone', () => {
  assert.equal(isWithinReach(loopback, { address: '10.77.0.2' }, own), false);
  assert.equal(isWithinReach(loopback, { address: 'delta' }, own), false);
  assert.equal(isWithinReach({ api: 'http://[::1]:33332' }, { address: '10.77.0.2' }, own), false);
  for (const address of ['127.0.0.1', '127.0.0.7', 'localhost', '10.77.0.9', 'gamma']) {
    assert.equal(isWithinReach(loopback, { address }, own), true, address);
  }
});

test('an API at another address can be asked, and so can one of a host that was not heard yet', () => {
  assert.equal(isWithinReach(open, { address: '10.77.0.2' }, own), true);
  assert.equal(isWithinReach(loopback, { address: '' }, own), true);
});
