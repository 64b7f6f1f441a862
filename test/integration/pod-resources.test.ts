import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { HappeningsFile, MAX_UNWRITTEN } from '@dolphin/pod/files/happenings-file.js';
import type { PodFact } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { connectClient, connectServed, fakeBinary, startPod } from './pod-support/test-pod.js';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const fact = (pid: number): PodFact => ({ type: 'pod-started', id: `f${pid}`, pid, rtmp: [1], http: [2] });
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);
/** Null: it is closed by now. */
function linkOf(fd: number): string | null {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return null;
  }
}
const open = (dir: string, maxFileBytes?: number) =>
  new HappeningsFile(dir, { log: quiet, now: () => 0, ...(maxFileBytes === undefined ? {} : { maxFileBytes }) });

describe('the file of happenings', () => {
  it('goes on with its numbers over restarts', async (t) => {
    const dir = await tempDir(t);
    const first = open(dir);
    assert.equal(first.newest, 0);
    assert.deepEqual(first.page(0, 10), { oldest: 1, newest: 0, happenings: [] });
    for (let i = 1; i <= 3; i++) first.append(fact(i));
    first.close();
    const second = open(dir);
    assert.equal(second.append(fact(4)).n, 4);
    assert.deepEqual(
      second.page(2, 10).happenings.map(({ n, fact: { id } }) => [n, id]),
      [
        [3, 'f3'],
        [4, 'f4'],
      ],
    );
    assert.deepEqual(
      second.page(0, 2).happenings.map(({ n }) => n),
      [1, 2],
    );
    second.close();
  });

  it('takes off a line that a kill cut in two', async (t) => {
    const dir = await tempDir(t);
    const first = open(dir);
    first.append(fact(1));
    first.close();
    appendFileSync(join(dir, 'happenings.jsonl'), '{"n":2,"at":"1970-01-01T00:00:00.000Z","fact":{"ty');
    const second = open(dir);
    assert.equal(second.newest, 1);
    second.append(fact(2));
    second.close();
    const lines = readFileSync(join(dir, 'happenings.jsonl'), 'utf8').trim().split('\n');
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { n: number }).n),
      [1, 2],
    );
  });

  it('keeps the newest when it is full, and tells the oldest that it has', async (t) => {
    const dir = await tempDir(t);
    const file = open(dir, 2000);
    for (let i = 1; i <= 100; i++) file.append(fact(i));
    const { oldest, newest, happenings } = file.page(0, 1000);
    assert.equal(newest, 100);
    assert.ok(oldest > 50 && oldest < 100);
    assert.equal(happenings[0]?.n, oldest);
    assert.equal(happenings.at(-1)?.n, 100);
    file.close();
    const again = open(dir, 2000);
    assert.deepEqual(again.page(0, 1000), { oldest, newest, happenings });
    again.close();
  });

  it('holds what the disk refuses; forgets what is too much, and all before it, so that numbers have no gap', async (t) => {
    const dir = await tempDir(t);
    const path = join(dir, 'happenings.jsonl');
    const file = open(dir);
    for (let i = 1; i <= 3; i++) file.append(fact(i));
    const numbers = (of: HappeningsFile) => {
      const seen: number[] = [];
      for (let after = 0; after < of.newest; after = seen.at(-1) ?? of.newest)
        seen.push(...of.page(after, 1000).happenings.map(({ n }) => n));
      return seen;
    };
    const reopened = () => {
      const again = open(dir);
      const seen = numbers(again);
      again.close();
      return seen;
    };
    // Its disk is full from here on.
    const fds = readdirSync('/proc/self/fd').map(Number);
    const fd = fds.find((one) => linkOf(one) === path) ?? -1;
    const replace = (by: string) => {
      closeSync(fd);
      assert.equal(openSync(by, 'a'), fd);
    };
    replace('/dev/full');
    mkdirSync(`${path}.new`);
    for (let i = 4; i <= 13; i++) file.append(fact(i));
    assert.deepEqual(numbers(file), upTo(13));
    assert.deepEqual(reopened(), upTo(3));
    for (let i = 14; i <= MAX_UNWRITTEN + 13; i++) file.append(fact(i));
    assert.deepEqual(numbers(file), upTo(MAX_UNWRITTEN + 13).slice(-MAX_UNWRITTEN));
    // It has room again.
    rmSync(`${path}.new`, { recursive: true });
    file.append(fact(MAX_UNWRITTEN + 14));
    const kept = upTo(MAX_UNWRITTEN + 14).slice(-MAX_UNWRITTEN);
    assert.deepEqual(numbers(file), kept);
    assert.deepEqual(reopened(), kept);
    file.append(fact(MAX_UNWRITTEN + 15));
    file.close();
    assert.deepEqual(reopened(), [...kept, MAX_UNWRITTEN + 15]);
  });

  it('begins anew from garbage', async (t) => {
    const dir = await tempDir(t);
    writeFileSync(join(dir, 'happenings.jsonl'), '\0\0\0 garbage\n[1,2]\n');
    const file = open(dir);
    assert.equal(file.append(fact(1)).n, 1);
    file.close();
  });
});

describe('a pod without file descriptors', () => {
  const openFiles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
  const limit = (t: TestContext, pid: number, files: number) =>
    run(t, 'prlimit', ['--pid', String(pid), `--nofile=${files}:20000`]);

  it('refuses clients, and serves again when it has some', async (t) => {
    const pod = await startPod(t, { engines: (dir) => [`fake=${fakeBinary(dir)}`] });
    const { pid } = pod.process();
    await limit(t, pid, openFiles(pid) + 10);
    // No edge is there: each of them waits in the pod, with a descriptor.
    const clients = await Promise.all(Array.from({ length: 40 }, () => connectClient(t, pod.rtmp)));
    await eventually(() => clients.filter((client) => client.isClosed()).length >= 20, { what: 'most are refused' });
    await limit(t, pid, 20_000);
    await pod.spawn(1, 'fake');
    const late = await connectClient(t, pod.rtmp);
    assert.equal((await late.served()).how, 'hand-off');
    assert.ok((await pod.state()).clients >= 1);
  });

  it('leaks none over many clients by hand-off and by relay', async (t) => {
    const engines = (dir: string) => [`fake=${fakeBinary(dir)}`, `relayed=${fakeBinary(dir, 'relay')}`];
    const pod = await startPod(t, { engines });
    await pod.command({ type: 'spawn', edge: await pod.edge(0, { engine: 'fake' }) });
    await pod.command({ type: 'spawn', edge: await pod.edge(1, { engine: 'relayed' }) });
    await eventually(async () => (await pod.state()).edges.filter((edge) => edge.state === 'ready').length === 2, {
      what: 'both are ready',
    });
    const round = async () => {
      const clients = await Promise.all(Array.from({ length: 40 }, () => connectClient(t, pod.rtmp)));
      await Promise.all(clients.map((client) => client.served()));
      for (const client of clients) client.socket.destroy();
      await eventually(async () => (await pod.state()).clients === 0, { what: 'all have left' });
    };
    // One at each edge: the relay process is up.
    const first = [await connectServed(t, pod.rtmp), await connectServed(t, pod.rtmp)];
    for (const client of first) client.socket.destroy();
    await eventually(async () => (await pod.state()).clients === 0, { what: 'both have left' });
    await round();
    const { pid } = pod.process();
    const before = openFiles(pid);
    for (let i = 0; i < 5; i++) await round();
    await eventually(() => openFiles(pid) <= before + 2, { what: 'all descriptors are back' });
  });
});
