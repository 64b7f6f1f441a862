import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lostLines, sessionLines } from '@dolphin/cli/domain/session-lines.js';
import { sinceMs } from '@dolphin/cli/domain/since.js';
import { MAX_STREAM_CHARS } from '@dolphin/protocol';
import fc from 'fast-check';
import { endedSession } from '../worker/ended-session.js';

const utc = { utcOffsetAt: () => 0, width: 80 };
const ESCAPE = String.fromCharCode(27);

describe('the table of ended sessions', () => {
  it('has a line per session, and one where a day begins', () => {
    const rows = [
      { host: 'h1', ...endedSession(1, { sentBytes: 47_400_000 }) },
      { host: 'h1', ...endedSession(2, { endedAt: '2026-11-22T00:00:00.000Z', end: 'edge-died', address: '::1' }) },
    ];
    assert.deepEqual(sessionLines(rows, utc), [
      'ENDED     HOST  EDGE      ADDRESS    STREAM            USE   AFTER  END',
      '-- 2026-11-21',
      '10:01:00  h1    stream-0  192.0.2.1  /live/livestream  play   60 s  client-left',
      '-- 2026-11-22',
      '00:00:00  h1    stream-0  ::1        /live/livestream  play   14 h  edge-died',
    ]);
    const [header = '', , wide = ''] = sessionLines(rows, { ...utc, width: 100 });
    assert.match(header, /AFTER {3}SENT {2}END$/);
    assert.match(wide, /60 s {2}45\.2M {2}client-left$/);
  });

  it('shows what is not known as such, and nothing that steers a terminal', () => {
    const unknown = { edge: null, stream: `v/a/${ESCAPE}[2J\n`, use: null, sentBytes: null };
    const [, , line = ''] = sessionLines([{ host: 'h1', ...endedSession(1, unknown) }], utc);
    assert.equal(line, '10:01:00  h1    -     192.0.2.1  v/a/ [2J  -     60 s     -  client-left');
  });

  it('fits 80 columns, whatever is in it', () => {
    const row = fc.record({
      host: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/),
      edge: fc.constantFrom('stream-0', 'stream-999.b', null),
      address: fc.oneof(fc.ipV4(), fc.ipV6()),
      stream: fc.string({ maxLength: MAX_STREAM_CHARS }),
      use: fc.constantFrom('play' as const, 'publish' as const, null),
      end: fc.constantFrom('pod-stopped' as const, 'hand-off-lost' as const),
      sentBytes: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
        const lines = sessionLines(
          rows.map(({ host, ...over }, index) => ({ host, ...endedSession(index + 1, over) })),
          utc,
        );
        for (const line of lines) assert.ok(line.length <= 80, line);
      }),
    );
  });

  it('is followed by what is missing, in words', () => {
    assert.deepEqual(lostLines([{ host: 'h1', sessions: 3, countedAnew: 1 }], 2), [
      '3 ended sessions of h1 were lost before they could be shipped',
      'h1 lost its file of ended sessions, and an unknown number of them',
      '2 messages are of another version, and cannot be read',
    ]);
    assert.deepEqual(lostLines([], 0), []);
  });
});

describe('--since', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  it('is an age, or a time with its zone', () => {
    assert.equal(sinceMs('90s', now), now - 90_000);
    assert.equal(sinceMs('7d', now), now - 7 * 86_400_000);
    assert.equal(sinceMs('2026-11-21T11:00:00+01:00', now), now - 7_200_000);
    assert.equal(sinceMs('2026-11-21T10:00Z', now), now - 7_200_000);
  });
  it('is nothing else', () => {
    for (const text of [
      '',
      '1',
      'yesterday',
      '-1h',
      '2026-11-21',
      '2026-11-21T10:00:00',
      '2026-13-41T10:00:00Z',
      '999999999d',
    ])
      assert.equal(sinceMs(text, now), null, text);
  });
});
