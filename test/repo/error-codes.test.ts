import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DolphinError, ERRORS, type ErrorCode } from '@dolphin/protocol';
import { readRepo } from './workspace.js';

const HEADER = ['| code | message | HTTP | exit | retryable |', '| --- | --- | --- | --- | --- |'];

test('docs/reference/errors.md holds the table of error codes, row by row', () => {
  const rows = Object.entries(ERRORS).map(
    ([code, row]) => `| ${code} | ${row.message} | ${row.http} | ${row.exit} | ${row.retryable ? 'yes' : 'no'} |`,
  );
  const page = readRepo('docs/reference/errors.md').split('\n');
  assert.deepEqual(
    page.filter((line) => line.startsWith('|')),
    [...HEADER, ...rows],
  );
});

test('codes are named E_… and their statuses and exit codes are real ones', () => {
  for (const [code, row] of Object.entries(ERRORS)) {
    assert.match(code, /^E_[A-Z]+(_[A-Z]+)*$/);
    assert.ok(row.http >= 400 && row.http < 600, `${code}: HTTP ${row.http}`);
    assert.ok(row.exit === 1 || (row.exit >= 64 && row.exit <= 78), `${code}: exit ${row.exit}`);
  }
});

test('a message takes its details, and shows the hole of one that is missing', () => {
  const code: ErrorCode = 'E_PORT_TAKEN';
  assert.equal(new DolphinError(code, { port: 1935, holder: 'pid 7' }).message, 'port 1935 is taken by pid 7');
  assert.equal(new DolphinError(code, { port: 1935 }).message, 'port 1935 is taken by {holder}');
});
