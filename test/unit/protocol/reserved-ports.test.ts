import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portRanges, unreservedPorts } from '@dolphin/protocol';

test('ports below the range of outgoing connections need no reservation', () => {
  assert.deepEqual(unreservedPorts([1935, 8088, 33330], '32768\t60999\n', '\n'), [33330]);
});

test('ports that the kernel reserves are not named again', () => {
  assert.deepEqual(unreservedPorts([33330, 33332, 33334], '32768 60999', '8080,33330-33332'), [33334]);
});

test('a setting that cannot be read asks for nothing', () => {
  assert.deepEqual(unreservedPorts([33330], '', ''), []);
});

test('neighbours are one range', () => {
  assert.equal(portRanges([7, 3, 1, 2, 2]), '1-3,7');
});
