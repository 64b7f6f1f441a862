import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryLogStore } from '@dolphin/eventlog';
import { EventStreams } from '@dolphin/master/app/event-stream.js';
import { DolphinError, type OperatorEnvelope, subjectsOf } from '@dolphin/protocol';
import { AT, FARM_ID, specOf } from './host-model.js';

const { logOperator } = subjectsOf('main');
const never = {
  sleep: (_: number, signal?: AbortSignal) =>
    new Promise<void>((done) => signal?.addEventListener('abort', () => done())),
};

async function logOf(...whys: string[]): Promise<MemoryLogStore> {
  const log = new MemoryLogStore();
  const entries = whys.map((why, index) => {
    const [id, specVersion] = [`o${index}`, index + 1];
    return { type: 'farm-applied' as const, id, specVersion, spec: specOf({ perHost: 1 }), who: 'me', why };
  });
  const envelope: OperatorEnvelope = { v: 1, kind: 'operator', farmId: FARM_ID, at: AT, master: 'm', entries };
  await log.append(logOperator, envelope, { expectedLast: 0, messageId: 'one' });
  return log;
}

async function take(texts: AsyncIterable<string>, count: number): Promise<string[]> {
  const taken: string[] = [];
  for await (const text of texts) {
    taken.push(text);
    if (taken.length === count) break;
  }
  return taken;
}

test('the rows of a message come together, and the last has its sequence as the id', async () => {
  const log = await logOf('first\nline', 'second');
  const end = new AbortController();
  const [head = '', rows = ''] = await take(new EventStreams(never).open(log, 0, end.signal), 2);
  assert.match(head, /^retry: \d+\n\n$/);
  const [first = '', second = '', rest] = rows.split('\n\n');
  assert.match(first, /^data: \{.*"first\\nline".*\}$/);
  assert.match(second, /^id: 1\ndata: \{.*"second".*\}$/);
  assert.equal(rest, '');
  end.abort();
});

test('what cannot be decoded and a log that was replaced are events of their own', async () => {
  const log = await logOf('why');
  log.appendRaw(logOperator, Buffer.from('{'));
  const end = new AbortController();
  const texts = new EventStreams(never).open(log, 1, end.signal)[Symbol.asyncIterator]();
  await texts.next();
  assert.match(String((await texts.next()).value), /^event: undecodable\nid: 2\ndata: \{"sequence":2,.*\}\n\n$/);
  const next = texts.next();
  log.create();
  assert.match(String((await next).value), /^event: rewound\nid: 0\ndata: \{"why":.*\}\n\n$/);
  assert.equal((await texts.next()).done, true);
  end.abort();
});

test('a reader to whom nothing comes gets a comment now and then', async () => {
  const log = await logOf('why');
  const end = new AbortController();
  const soon = { sleep: () => new Promise<void>((done) => setImmediate(done)) };
  const texts = await take(new EventStreams(soon).open(log, 1, end.signal), 3);
  assert.deepEqual(texts.slice(1), [': nothing new\n\n', ': nothing new\n\n']);
  end.abort();
});

test('only so many follow at a time, and who ends makes room', async () => {
  const log = await logOf('why');
  const streams = new EventStreams(never);
  const ends: AbortController[] = [];
  const open = () => {
    const end = new AbortController();
    streams.open(log, 0, end.signal);
    ends.push(end);
  };
  const isLimited = (error: unknown) => error instanceof DolphinError && error.code === 'E_LIMITED';
  for (let count = 0; count < 32; count++) open();
  assert.throws(open, isLimited);
  ends[3]?.abort();
  open();
  assert.throws(open, isLimited);
});
