import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDown, parseUp } from '@dolphin/launcher/flags.js';
import { DolphinError } from '@dolphin/protocol';
import { UsageError } from '@dolphin/runtime';

test('without flags everything is at its default', () => {
  const { demo, redis, edges, portBase, ports, dir } = parseUp([]);
  assert.deepEqual(
    { demo, redis, edges, portBase, ports, dir },
    { demo: true, redis: true, edges: undefined, portBase: undefined, ports: {}, dir: undefined },
  );
});

test('what cannot be is wrong usage', () => {
  for (const argv of [
    ['--bogus'],
    ['word'],
    ['--edges', 'four'],
    ['--edges', '65'],
    ['--rtmp', '0'],
    ['--rtmp', '8088'],
  ]) {
    assert.throws(() => parseUp(argv), UsageError, argv.join(' '));
  }
  assert.throws(() => parseUp(['--port-base', '21000', '--edges', '31']), UsageError);
  assert.throws(() => parseUp(['--port-base', '65500']), UsageError);
  assert.throws(() => parseDown(['--edges', '1']), UsageError);
});

test('listening on other addresses is not there yet, and says so', () => {
  assert.throws(
    () => parseUp(['--listen', '10.0.0.1']),
    (error) => error instanceof DolphinError && error.code === 'E_NOT_YET' && error.exit === 69,
  );
});
