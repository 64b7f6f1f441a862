import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyHopeless } from '@dolphin/launcher/domain/exit-codes.js';
import { ERRORS } from '@dolphin/protocol';

test('wrong usage, another farm, a bad configuration and a missing program are not started again', () => {
  for (const code of [64, 77, 78, 126, 127]) assert.notEqual(whyHopeless(code), null, String(code));
});

test('a crash, a signal and whatever may pass are started again', () => {
  for (const code of [null, 0, 1, 69, 70, 75, 130, 255]) assert.equal(whyHopeless(code), null, String(code));
});

test('no error that the same call may outlive ends a program for good', () => {
  for (const [code, row] of Object.entries(ERRORS)) {
    if (row.retryable) assert.equal(whyHopeless(row.exit), null, code);
  }
});
