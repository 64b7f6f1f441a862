import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { clientLines } from '@dolphin/cli/domain/client-lines.js';
import type { LiveSession } from '@dolphin/protocol';

const NOW_MS = Date.parse('2026-11-21T10:01:00.000Z');
const client: LiveSession = {
  ...{ host: 'h1', id: '3f0c9a1be27d-7', protocol: 'rtmp', address: '192.0.2.1', edge: 'stream-0', via: null },
  ...{ stream: '/live/news', use: 'play', acceptedAt: '2026-11-21T10:00:00.000Z' },
  ...{ sentBytes: 7_000_000, receivedBytes: 3_073 },
};
const lines = (rows: readonly LiveSession[], width = 80) => clientLines(rows, { nowMs: NOW_MS, width });

test('the example in docs/reference/cli.md is what clients prints, and its fields are all named', () => {
  const page = readFileSync(new URL('../../../../docs/reference/cli.md', import.meta.url), 'utf8');
  assert.ok(page.includes(`\n${lines([client]).join('\n')}\n`), lines([client]).join('\n'));
  for (const name of Object.keys(client)) assert.match(page, new RegExp(`\`${name}\``), name);
});

test('a client of which little is known is shown, too', () => {
  const waits: LiveSession = { ...client, edge: null, stream: null, use: null, sentBytes: null, via: null };
  assert.match(
    lines([waits], 100)[1] ?? '',
    /^3f0c9a1be27d-7 {2}h1 {4}waits {2}192\.0\.2\.1 {2}- +60 s +- {2}- +rtmp$/,
  );
});

test('an ID is never cut, a line never longer than 80, and a name of control characters harmless', () => {
  const long: LiveSession = {
    ...client,
    ...{ id: '3f0c9a1be27d-1234567', host: 'a-host-with-a-rather-long-name', address: '2001:db8:aaaa:bbbb:cccc::1' },
    stream: `/live/\u001b[31m${'x'.repeat(200)}\n`,
  };
  const [, line = ''] = lines([long]);
  assert.ok(line.startsWith('3f0c9a1be27d-1234567 ') && line.length <= 80, line);
  assert.ok(!line.includes('\u001b') && !line.includes('\n'));
});

test('an ID that no pod gives is cut rather than made a line of more than 80', () => {
  const [, line = ''] = lines([
    { ...client, id: 'x'.repeat(64), host: 'h'.repeat(63), stream: `/live/${'s'.repeat(99)}` },
  ]);
  assert.ok(line.length <= 80, line);
});
