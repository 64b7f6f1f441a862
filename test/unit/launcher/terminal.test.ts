import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { createTerminal } from '@dolphin/launcher/terminal.js';

test('what another host worded neither steers the terminal nor fakes a line', () => {
  const out = new PassThrough();
  createTerminal(out).happened('stream edge 0 does not start: \u001b]0;mine\u0007no\n12:00:00 all is well');
  const written = String(out.read());
  assert.equal(written.split('\n').length, 2);
  assert.match(written, /stream edge 0 does not start: {2}\]0;mine no 12:00:00 all is well\n$/);
});
