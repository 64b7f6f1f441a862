import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processTitle } from '@dolphin/edge/domain/process-title.js';

test("an edge's title names its place on the host, or itself, and its clients", () => {
  assert.equal(processTitle('dolphin-h1-stream-0', 12), 'dolphin-edge: stream-0, 12 clients');
  assert.equal(
    processTitle('dolphin-a-very-long-name-of-a-host-back-source-0', 0),
    'dolphin-edge: back-source-0, 0 clients',
  );
  assert.equal(processTitle('vid-abc1234', 3), 'dolphin-edge: vid-abc1234, 3 clients');
});
