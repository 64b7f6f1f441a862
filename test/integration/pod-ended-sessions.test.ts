import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Ended } from '@dolphin/pod/app/sessions.js';
import { EndedSessionsFile } from '@dolphin/pod/files/ended-sessions-file.js';
import { tempDir } from '../support/temp-dir.js';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const at = '2026-01-01T00:00:00.000Z';
const ended = (id: number, over: Partial<Ended> = {}): Ended => ({
  ...{ id: `a-${id}`, protocol: 'rtmp', address: '192.0.2.1', edge: 'stream-0', via: null, stream: null, use: null },
  ...{ acceptedAt: at, endedAt: at, sentBytes: 1, receivedBytes: null, end: 'client-left', ...over },
});

/** A file whose writes begin when told to. */
function open(dir: string, maxFileBytes?: number) {
  const due: (() => void)[] = [];
  const timers = {
    monotonic: () => 0,
    after: (_ms: number, fn: () => void) => {
      due.push(fn);
      return () => void due.splice(due.indexOf(fn), 1);
    },
  };
  const file = new EndedSessionsFile(dir, { log: quiet, timers, ...(maxFileBytes !== undefined && { maxFileBytes }) });
  const write = () => {
    for (const fn of due.splice(0)) fn();
  };
  return { file, write };
}
const numbers = async (file: EndedSessionsFile, after: number, limit = 1000) =>
  (await file.page(after, limit)).sessions.map(({ n, id }) => [n, id]);

describe('the file of ended sessions', () => {
  it('writes those that end together as one, and goes on with its numbers over lives', async (t) => {
    const dir = await tempDir(t);
    const first = open(dir);
    assert.deepEqual(await first.file.page(0, 10), { oldest: 1, newest: 0, sessions: [] });
    for (let i = 1; i <= 600; i++) first.file.append(ended(i));
    assert.equal(first.file.newest, 0, 'nothing is written in the turn of the end');
    first.write();
    assert.equal((await first.file.page(0, 1000)).sessions.length, 600);
    first.file.append(ended(601));
    await first.file.close();
    const second = open(dir);
    second.file.append(ended(602));
    second.write();
    assert.deepEqual(await numbers(second.file, 599), [
      [600, 'a-600'],
      [601, 'a-601'],
      [602, 'a-602'],
    ]);
    assert.deepEqual(await numbers(second.file, 255, 2), [
      [256, 'a-256'],
      [257, 'a-257'],
    ]);
    assert.deepEqual(await numbers(second.file, 602), []);
  });

  it('takes off a line that a kill cut in two, and what is no line of ours', async (t) => {
    const dir = await tempDir(t);
    const first = open(dir);
    first.file.append(ended(1));
    await first.file.close();
    for (const torn of ['{"n":2,"id":"a-2","proto', 'garbage\n', '{"n":4,"id":"a-4"}\n']) {
      appendFileSync(join(dir, 'sessions.jsonl'), torn);
      const { file } = open(dir);
      assert.equal(file.newest, 1);
      assert.deepEqual(await numbers(file, 0), [[1, 'a-1']]);
    }
    const { file } = open(dir);
    file.append(ended(2));
    await file.close();
    const lines = readFileSync(join(dir, 'sessions.jsonl'), 'utf8').trim().split('\n');
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { n: number }).n),
      [1, 2],
    );
  });

  it('keeps the newest of many, tells the oldest that it has, and pages over both files', async (t) => {
    const dir = await tempDir(t);
    const { file, write } = open(dir, 200_000);
    for (let i = 1; i <= 2500; i++) {
      file.append(ended(i));
      if (i % 50 === 0) {
        write();
        await file.page(0, 1);
      }
    }
    const { oldest, newest } = await file.page(0, 1);
    assert.equal(newest, 2500);
    assert.ok(oldest > 1 && oldest < 2000, `${oldest}`);
    const seen: number[] = [];
    for (let after = 0; after < newest; after = seen.at(-1) ?? newest) {
      seen.push(...(await file.page(after, 300)).sessions.map(({ n }) => n));
    }
    assert.deepEqual(
      seen,
      Array.from({ length: newest - oldest + 1 }, (_, i) => oldest + i),
    );
    await file.close();
    const again = open(dir, 200_000);
    assert.deepEqual(await again.file.page(0, 1), await file.page(0, 1));
  });

  it('holds what the disk refuses up to its bound, counts the rest, and numbers without a gap afterwards', async (t) => {
    const dir = await tempDir(t);
    const { file, write } = open(dir);
    mkdirSync(join(dir, 'sessions.jsonl'));
    for (let i = 1; i <= 30_000; i++) file.append(ended(i));
    write();
    await file.page(0, 1).catch(() => undefined);
    assert.ok(file.lost >= 10_000 && file.lost <= 12_000, `${file.lost}`);
    rmSync(join(dir, 'sessions.jsonl'), { recursive: true });
    file.append(ended(30_001));
    write();
    const { oldest, newest, sessions } = await file.page(0, 1);
    assert.deepEqual([oldest, newest + file.lost, sessions[0]?.n], [1, 30_001, 1]);
  });

  it('says of clients of a relayed edge that it died, though its connections were seen to close first', async (t) => {
    const dir = await tempDir(t);
    const { file } = open(dir);
    file.append(ended(1, { end: 'edge-closed', via: 'relay-0' }));
    file.append(ended(2, { end: 'edge-closed', via: 'relay-0', edge: 'stream-1' }));
    file.edgeEnded('stream-0', 'edge-died');
    await file.close();
    assert.deepEqual(
      (await file.page(0, 10)).sessions.map(({ end }) => end),
      ['edge-died', 'edge-closed'],
    );
  });

  it('passes over a line that was damaged on the disk', async (t) => {
    const dir = await tempDir(t);
    const { file } = open(dir);
    for (const i of [1, 2, 3]) file.append(ended(i));
    await file.close();
    const path = join(dir, 'sessions.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"a-2"', '1234 '));
    assert.deepEqual(await numbers(open(dir).file, 0), [
      [1, 'a-1'],
      [3, 'a-3'],
    ]);
  });
});
