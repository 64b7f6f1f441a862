import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sessionLines } from '@dolphin/cli/domain/session-lines.js';
import type { EndedSessionRow, EndedSessionsAnswer } from '@dolphin/protocol';
import type { TestScope } from '../support/cleanup.js';
import { fromRoot } from '../support/paths.js';
import { endedSession } from '../unit/worker/ended-session.js';
import { type Asked, cli, fakeMaster, refusal } from './cli-support/fake-farm.js';

/** Session `n`, which ended in second `n` of a minute. */
const row = (n: number): EndedSessionRow => ({
  host: 'h1',
  ...endedSession(n, { endedAt: `2026-11-21T10:01:${String(n % 60).padStart(2, '0')}.000Z` }),
});

/** A master with a message of two sessions for each sequence, from the newest back. */
async function masterWith(t: TestScope, messages: number) {
  const asked: Asked['query'][] = [];
  const address = await fakeMaster(t, {
    'GET /api/v1/sessions/ended': ({ query }) => {
      asked.push(query);
      const newest = Number(query.get('before') ?? messages + 1) - 1;
      const count = Math.min(Math.ceil(Number(query.get('limit')) / 2), 2, newest);
      const sequences = Array.from({ length: count }, (_, index) => newest - index);
      const body: EndedSessionsAnswer = {
        sessions: sequences.flatMap((sequence) => [row(sequence * 2), row(sequence * 2 - 1)]),
        lost: [{ host: 'h1', sessions: 1, countedAnew: 0 }],
        unreadable: 0,
        next: newest - count > 0 ? newest - count + 1 : null,
      };
      return { body };
    },
  });
  return { address, asked };
}

test('sessions shows the newest, oldest first, and says what was lost', async (t) => {
  const { address } = await masterWith(t, 1);
  const { code, stdout, stderr } = await cli(t, address, 'sessions');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^ENDED .*\n-- 2026-11-21\n10:01:01 .*client-left\n10:01:02 .*\n$/);
  assert.equal(stderr, 'dolphin-cli: 1 ended sessions of h1 were lost before they could be shipped\n');
});

test('it reads on until there are enough, or no more, and asks every page for the same', async (t) => {
  const { address, asked } = await masterWith(t, 20);
  const filters = ['--stream', '/live/a b', '--address', '10.0.0.0/8', '--end', 'kicked', '--since', '2h'];
  const { stdout } = await cli(t, address, 'sessions', ...filters, '--limit', '7', '--json');
  const found = JSON.parse(stdout);
  assert.equal(found.schema, 'dolphin.sessions/1');
  assert.deepEqual(
    found.sessions.map(({ n }: EndedSessionRow) => n),
    [34, 35, 36, 37, 38, 39, 40],
  );
  assert.deepEqual(found.lost, [{ host: 'h1', sessions: asked.length, countedAnew: 0 }]);
  assert.equal(asked.length, 2);
  for (const query of asked) {
    const of = (name: string) => query.get(name);
    assert.deepEqual([of('stream'), of('address'), of('end')], ['/live/a b', '10.0.0.0/8', 'kicked']);
    assert.equal(of('since'), found.since);
  }
  const all = await cli(t, address, 'sessions', '--limit', '1000', '--json');
  assert.equal(JSON.parse(all.stdout).sessions.length, 40);
});

test('wrong filters are wrong usage, and what the master refuses is said with its code', async (t) => {
  for (const args of [
    ['--end', 'bored'],
    ['--since', 'yesterday'],
    ['--limit', '0'],
  ]) {
    const { code, stdout } = await cli(t, 'http://127.0.0.1:9', 'sessions', ...args);
    assert.deepEqual([code, stdout], [64, ''], args.join(' '));
  }
  const master = await fakeMaster(t, {
    'GET /api/v1/sessions/ended': () => refusal('E_LIMITED', 'there are too many: searches for sessions'),
  });
  const { code, stderr } = await cli(t, master, 'sessions');
  assert.deepEqual([code, stderr], [75, 'dolphin-cli: E_LIMITED: there are too many: searches for sessions\n']);
});

test('the example in docs/reference/cli.md is what sessions prints, and its fields are all named', () => {
  const page = readFileSync(fromRoot('docs/reference/cli.md'), 'utf8');
  const example: EndedSessionRow = { host: 'h1', ...endedSession(1) };
  const lines = sessionLines([example], { utcOffsetAt: () => 0, width: 80 });
  assert.ok(page.includes(`\n${lines.join('\n')}\n`), lines.join('\n'));
  for (const name of Object.keys(example)) assert.match(page, new RegExp(`\`${name}\``), name);
});
