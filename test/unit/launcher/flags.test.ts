import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDown, parseInvite, parseUp } from '@dolphin/launcher/flags.js';
import { UsageError } from '@dolphin/runtime';

test('without flags everything is at its default', () => {
  const { demo, redis, edges, portBase, ports, dir, listen } = parseUp([]);
  assert.deepEqual(
    { demo, redis, edges, portBase, ports, dir, listen },
    { demo: true, redis: true, edges: undefined, portBase: undefined, ports: {}, dir: undefined, listen: undefined },
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

test('one IPv4 address is listened on; what others could not be told is wrong usage', () => {
  assert.equal(parseUp(['--listen', '10.0.0.1']).listen, '10.0.0.1');
  for (const address of ['0.0.0.0', 'localhost', '::1', '10.0.0', '10.0.0.1:80']) {
    assert.throws(() => parseUp(['--listen', address]), UsageError, address);
  }
});

test('an invitation is for one host', () => {
  assert.deepEqual(parseInvite(['h2', '--dir', 'x']), { help: false, dir: 'x', host: 'h2' });
  for (const argv of [[], ['h2', 'h3'], ['h2', '--bogus']]) assert.throws(() => parseInvite(argv), UsageError);
});
