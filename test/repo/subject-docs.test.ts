import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SUBJECTS, type SubjectRow, subjectsOf } from '@dolphin/protocol';
import { holdPage } from './written-docs.js';

const HEAD = `# Subjects

What goes over NATS, generated from \`libs/protocol/src/subject-table.ts\`. \`<farm>\` and \`<host>\` stand for their names. A worker
writes and reads for its own host only. \`log\` subjects are in the JetStream stream \`dolphin-<farm>-log\`; a \`request\` is answered
below \`dolphin.<farm>.reply.<host>\`, where that host's worker alone may publish. Who may what on a server with users follows from
this table ([5-credentials.md](../5-credentials.md)). The messages are in [schemas.md](schemas.md).

| subject | kind | written by | read by | message | bytes at most | what |
| --- | --- | --- | --- | --- | --- | --- |
`;

test('docs/reference/subjects.md holds the table of subjects', () => {
  holdPage('docs/reference/subjects.md', `${HEAD}${SUBJECTS.map(rowOf).join('\n')}\n`);
});

test('the table names each subject as it is built, and leaves none out', () => {
  const subjects = subjectsOf('main');
  for (const { subject, of } of SUBJECTS) {
    const built = subjects[of];
    const name = typeof built === 'string' ? built : built('h1');
    const told = subject.replace('<farm>', 'main').replace('<host>', 'h1');
    assert.equal(told, of === 'leaseBucket' ? `$KV.${name}.leader` : name);
  }
  const told = new Set<string>(SUBJECTS.map(({ of }) => of));
  // Patterns and the streams' names carry nothing of their own.
  const rest = Object.keys(subjects).filter((name) => !told.has(name));
  const expected = [
    'heartbeatAll',
    'logAll',
    'logStream',
    'reply',
    'replyAll',
    'sessionsAll',
    'sessionsStream',
    'statsAll',
  ];
  assert.deepEqual(rest.sort(), expected);
});

test('a request has a reply, and nothing else has', () => {
  for (const { kind, reply, subject } of SUBJECTS) assert.equal(reply !== undefined, kind === 'request', subject);
});

function rowOf({ subject, kind, writers, readers, message, reply, limitBytes, what }: SubjectRow): string {
  const messages = reply === undefined ? message : `${message} → ${reply}`;
  return `| \`${subject}\` | ${kind} | ${writers.join(', ')} | ${readers.join(', ')} | ${messages} | ${limitBytes} | ${what} |`;
}
