import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { MemoryLogStore } from '@dolphin/eventlog';
import { LogExports } from '@dolphin/master/app/log-export.js';
import { EMPTY_FARM, type FarmState } from '@dolphin/master/domain/farm-state.js';
import {
  DolphinError,
  ExportEnd,
  ExportedMessage,
  ExportHeader,
  type LogEnvelope,
  subjectsOf,
} from '@dolphin/protocol';
import { AT, FARM_ID } from './host-model.js';

const FARM: FarmState = { ...EMPTY_FARM, farm: { farm: 'main', farmId: FARM_ID } };
const SUBJECT = subjectsOf('main').logOperator;

async function logOf(messages: number): Promise<MemoryLogStore> {
  const log = new MemoryLogStore();
  await log.append(SUBJECT, envelope(0), { expectedLast: 0, messageId: 'm0' });
  for (let n = 1; n < messages; n++) await log.append(SUBJECT, envelope(n), { expectedLast: n, messageId: `m${n}` });
  return log;
}
function envelope(n: number): LogEnvelope {
  const entry = { type: 'host-cordoned' as const, id: `e${n}`, host: 'h1', who: 'x'.repeat(500) };
  return { v: 1, kind: 'operator', farmId: FARM_ID, at: AT, master: 'm', entries: [entry] };
}
async function textOf(texts: AsyncIterable<string>): Promise<{ all: string; chunks: number }> {
  const chunks: string[] = [];
  for await (const text of texts) chunks.push(text);
  return { all: chunks.join(''), chunks: chunks.length };
}
const open = (exports: LogExports, log: MemoryLogStore, state = FARM, end = new AbortController()) =>
  exports.open(log, state, end.signal);

test('an export is a header, every message in order, and an end with the checksum of all before it', async () => {
  const { all, chunks } = await textOf(await open(new LogExports({ now: () => Date.parse(AT) }), await logOf(200)));
  assert.ok(chunks > 1, 'not all at once');
  const lines = all.trimEnd().split('\n');
  const header = ExportHeader.parse(JSON.parse(lines[0] ?? ''));
  assert.deepEqual([header.farmId, header.lastSequence, header.at], [FARM_ID, 200, AT]);
  const messages = lines.slice(1, -1).map((line) => ExportedMessage.parse(JSON.parse(line)));
  assert.deepEqual(
    messages.map(({ sequence, messageId }) => [sequence, messageId]),
    Array.from({ length: 200 }, (_, n) => [n + 1, `m${n}`]),
  );
  const end = ExportEnd.parse(JSON.parse(lines.at(-1) ?? ''));
  const before = all.slice(0, all.lastIndexOf('\n', all.length - 2) + 1);
  assert.deepEqual(end, { end: true, messages: 200, sha256: createHash('sha256').update(before).digest('hex') });
});

test('there is no export of a farm that is not there, or of a log that cannot be read', async () => {
  const exports = new LogExports({ now: () => 0 });
  const code = (wanted: string) => (error: unknown) => error instanceof DolphinError && error.code === wanted;
  await assert.rejects(open(exports, await logOf(1), EMPTY_FARM), code('E_NO_FARM'));
  const unreadable = { ...FARM, unreadable: { sequence: 1, why: 'newer' } };
  await assert.rejects(open(exports, await logOf(1), unreadable), code('E_LOG_UNREADABLE'));
});

test('exports are few at a time, and one that is broken off makes room', async () => {
  const exports = new LogExports({ now: () => 0 });
  const log = await logOf(1);
  const first = new AbortController();
  await open(exports, log, FARM, first);
  await open(exports, log);
  await assert.rejects(open(exports, log), (error) => error instanceof DolphinError && error.code === 'E_LIMITED');
  first.abort();
  await open(exports, log);
});
