import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { LogFile, type LogFileOptions } from '@dolphin/pod/process/log-file.js';
import { SessionPage } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { freePortRange } from '../support/ports.js';
import { tempDir } from '../support/temp-dir.js';
import { connectClient, fakeBinary, startPod } from './pod-support/test-pod.js';

const ALL = { lines: 1_000_000, bytes: 1_000_000 };

async function logFile(t: TestContext, over: Partial<LogFileOptions> = {}) {
  const dir = await tempDir(t);
  const warnings: string[] = [];
  const warn = (details: object, message: string) => void warnings.push(`${message} ${JSON.stringify(details)}`);
  const log = { info: warn, warn, error: warn };
  const path = join(dir, 'edge.log');
  const file = new LogFile({ path, maxBytes: 1000, maxAgeMs: 1e12, keep: 2, log, now: () => Date.now(), ...over });
  t.after(() => file.close());
  return { dir, path, file, warnings };
}
const line = (n: number) => Buffer.from(`line ${String(n).padStart(4, '0')}\n`);

describe('the log of an edge', () => {
  it('is put aside before it grows above its size, and so many old files are kept', async (t) => {
    const { dir, file } = await logFile(t);
    for (let n = 0; n < 1000; n++) file.write(line(n));
    await file.close();
    assert.deepEqual(readdirSync(dir).sort(), ['edge.log', 'edge.log.1', 'edge.log.2']);
    const texts = ['edge.log.2', 'edge.log.1', 'edge.log'].map((name) => readFileSync(join(dir, name), 'utf8'));
    assert.ok(texts.every((text) => text.length <= 1000));
    // Nothing is missing in between, and the last line is the last.
    const numbers = texts
      .join('')
      .trim()
      .split('\n')
      .map((text) => Number(text.slice(5)));
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => 1000 - numbers.length + index),
    );
  });

  it('is put aside when it is too old, also one that a pod before began', async (t) => {
    let now = Date.now();
    const { dir, path, file } = await logFile(t, { maxAgeMs: 60_000, now: () => now });
    writeFileSync(path, 'of a pod before\n');
    file.write(line(1));
    await file.last(ALL);
    assert.deepEqual(readdirSync(dir), ['edge.log']);
    now += 61_000;
    file.write(line(2));
    await file.last(ALL);
    now += 59_000;
    file.write(line(3));
    await file.close();
    assert.equal(readFileSync(join(dir, 'edge.log.1'), 'utf8'), `of a pod before\n${line(1)}`);
    assert.equal(readFileSync(path, 'utf8'), `${line(2)}${line(3)}`);
  });

  it('keeps no old file when none is wanted, and takes away those that were', async (t) => {
    const { dir, path, file } = await logFile(t, { keep: 0 });
    for (const name of ['edge.log.1', 'edge.log.2']) writeFileSync(join(dir, name), 'old\n');
    writeFileSync(path, 'x'.repeat(995));
    file.write(line(1));
    await file.close();
    assert.deepEqual(readdirSync(dir), ['edge.log']);
    assert.equal(readFileSync(path, 'utf8'), line(1).toString());
  });

  it('ends with so many lines, also right after it was put aside', async (t) => {
    const { dir, file } = await logFile(t);
    const last = async (lines: number, bytes = 100_000) => (await file.last({ lines, bytes })).toString();
    assert.equal(await last(5), '');
    for (let n = 0; n < 101; n++) file.write(line(n));
    await file.last(ALL);
    assert.equal(readFileSync(join(dir, 'edge.log'), 'utf8'), line(100).toString());
    assert.equal(await last(3), `${line(98)}${line(99)}${line(100)}`);
    assert.equal(await last(1), line(100).toString());
    assert.equal(await last(0), '');
    // So many bytes, in whole lines.
    assert.equal(await last(100, 25), `${line(99)}${line(100)}`);
    file.write(Buffer.from('not ended'));
    assert.equal(await last(2), `${line(100)}not ended`);
    assert.equal(await last(5, 3), 'ded');
  });

  it('does not lose, double or mix up lines for one who reads while it is put aside', async (t) => {
    const { file } = await logFile(t, { keep: 1 });
    let n = 0;
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 37; i++) file.write(line(n++));
      const numbers = (await file.last({ lines: 90, bytes: 10_000 })).toString().trim().split('\n');
      const first = Number(numbers[0]?.slice(5));
      assert.deepEqual(
        numbers.map((text) => Number(text.slice(5))),
        numbers.map((_, index) => first + index),
      );
      assert.equal(first + numbers.length, n);
    }
  });

  it('that the disk refuses is lost, counted and told of, and goes on when the disk does', async (t) => {
    const { dir, path, file, warnings } = await logFile(t);
    symlinkSync('/dev/full', path);
    file.write(line(1));
    file.write(line(2));
    await file.last(ALL);
    assert.equal(file.droppedBytes, line(1).length + line(2).length);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /text of an edge is lost .*ENOSPC/);
    assert.ok(!existsSync(join(dir, 'edge.log.1')));
    const { unlink } = await import('node:fs/promises');
    await unlink(path);
    file.write(line(3));
    await file.close();
    assert.equal(readFileSync(path, 'utf8'), `\ndolphin-pod: text was dropped here, 20 bytes so far\n${line(3)}`);
  });

  it('takes no more of a flood than its budget, and says once that something is missing', async (t) => {
    const { path, file, warnings } = await logFile(t, { maxBytes: 1e9 });
    const flood = Buffer.alloc(65_536, 'flood\n');
    for (let i = 0; i < 1000; i++) file.write(flood);
    await file.last(ALL);
    const { size } = statSync(path);
    assert.ok(size >= 4 * 1024 * 1024 && size < 20 * 1024 * 1024, `${size} bytes`);
    assert.ok(file.droppedBytes > 40 * 1024 * 1024);
    assert.equal(warnings.length, 1);
    await eventually(
      async () => {
        file.write(line(1));
        await file.last(ALL);
        return (
          readFileSync(path, 'latin1').match(/dolphin-pod: text was dropped here, \d+ bytes so far/g)?.length === 1
        );
      },
      { what: 'the log says so, once' },
    );
  });
});

describe('logs over the control API', () => {
  const engines = (dir: string) => [`fake=${fakeBinary(dir)}`];

  it('are the last lines, byte for byte, within bounds', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(1, 'fake');
    const client = await connectClient(t, pod.rtmp);
    await client.served();
    const logs = (query = '', name = 'stream-0') => pod.ask('GET', `/v1/edges/${name}/logs${query}`);
    for (let n = 0; n < 20; n++) client.socket.write(`print line ${n}\n`);
    await eventually(async () => (await logs()).bytes.includes('line 19\n'), { what: 'all is printed' });
    const two = await logs('?lines=2');
    assert.deepEqual([two.status, two.type, two.bytes.toString()], [200, 'text/plain', 'line 18\nline 19\n']);
    assert.equal((await logs('?bytes=10')).bytes.toString(), 'line 19\n');
    // Not UTF-8, and no friend of terminals.
    client.socket.write(Buffer.from('print \xff\xfe\x00\x1b[31m\n', 'latin1'));
    // The fake edge reads latin1 and prints UTF-8.
    const garbage = Buffer.from('\xff\xfe\x00\x1b[31m\n', 'utf8');
    await eventually(async () => (await logs('?lines=1')).bytes.equals(garbage), { what: 'garbage is passed on' });
    assert.equal((await logs('?lines=999999999&bytes=999999999')).status, 200);
    assert.equal((await logs('?lines=-1')).status, 400);
    assert.equal((await logs('?bytes=x')).status, 400);
    for (const name of ['stream-1', 'nothing', '..', '%2e%2e%2fstream-0', 'stream-0%00']) {
      const { status, bytes } = await logs('', name);
      assert.equal(status, 404, name);
      assert.match(bytes.toString(), /E_NOT_FOUND/);
    }
  });

  it('are there when the edge is gone', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(1, 'fake');
    const client = await connectClient(t, pod.rtmp);
    await client.served();
    client.socket.write('print last words\n');
    const read = async () => (await pod.ask('GET', '/v1/edges/stream-0/logs')).bytes.toString();
    await eventually(async () => (await read()) === 'last words\n', { what: 'it is printed' });
    await pod.command({ type: 'kill', role: 'stream', slot: 0, generation: 1 });
    await eventually(async () => (await pod.state()).edges.length === 0, { what: 'the edge is gone' });
    assert.equal(await read(), 'last words\n');
  });

  it('of a slot are those of its newest edge, then of the one that printed last; each edge has its own', async (t) => {
    const bases = [await freePortRange(1), await freePortRange(1), await freePortRange(1)];
    const spare = `sparePorts: { rtmp: ${bases[0]}, http: ${bases[1]}, api: ${bases[2]}, count: 1 }`;
    const pod = await startPod(t, { engines, config: `drain: { deadlineMs: 600000 }\n${spare}\n` });
    await pod.spawn(1, 'fake');
    const read = async (name: string) => (await pod.ask('GET', `/v1/edges/${name}/logs`)).bytes.toString();
    const old = await connectClient(t, pod.rtmp);
    await old.served();
    old.socket.write('print old\n');
    await eventually(async () => (await read('stream-0')) === 'old\n', { what: 'the old one is read' });
    assert.equal((await pod.ask('GET', '/v1/edges/stream-0.b/logs')).status, 404);
    await pod.call('POST', '/v1/edges/stream-0/replace');
    const names = async () => (await pod.state()).edges.map(({ name, state }) => `${name} ${state}`).join();
    await eventually(async () => (await names()) === 'stream-0.b ready,stream-0 draining', { what: 'two edges' });
    const late = await connectClient(t, pod.rtmp);
    await late.served();
    late.socket.write('print new\n');
    await eventually(async () => (await read('stream-0.b')) === 'new\n', { what: 'the new one is read' });
    old.socket.write('print old again\n');
    const oldLog = () => readFileSync(join(pod.runDir, 'edges', 'stream-0', 'edge.log'), 'utf8');
    await eventually(() => oldLog() === 'old\nold again\n', { what: 'the old one has printed' });
    assert.equal(await read('stream-0'), 'new\n');
    const found = async (edge: string) => (await pod.call('GET', `/v1/sessions?edge=${edge}`)).body;
    assert.equal(SessionPage.parse(await found('stream-0')).total, 2);
    assert.equal(SessionPage.parse(await found('stream-0.b')).total, 1);
    await pod.command({ type: 'kill', role: 'stream', slot: 0, generation: 1 });
    await eventually(async () => (await names()) === '', { what: 'both are gone' });
    assert.equal(await read('stream-0'), 'old\nold again\n');
    assert.equal(await read('stream-0.b'), 'new\n');
  });

  it('of an edge that floods its stdout stay small, and the pod serves on', async (t) => {
    const env = { DOLPHIN_POD_LOGS__MAX_BYTES: '1000000', DOLPHIN_POD_LOGS__KEEP: '2' };
    const pod = await startPod(t, { engines, env });
    await pod.spawn(2, 'fake');
    const flooding = await connectClient(t, pod.rtmp);
    const { edge } = await flooding.served();
    flooding.socket.write('flood\n');
    await pod.process().printed(/text of an edge is lost/, 30_000);
    const late = await connectClient(t, pod.rtmp);
    assert.notEqual((await late.served()).edge, edge);
    const dir = join(pod.runDir, 'edges', edge.replace('dolphin-h1-', ''));
    const files = readdirSync(dir).filter((name) => name.startsWith('edge.log'));
    assert.ok(files.length <= 3 && files.every((name) => statSync(join(dir, name)).size <= 1_000_000));
    const said = () => files.some((name) => readFileSync(join(dir, name), 'latin1').includes('text was dropped here'));
    await eventually(said, { what: 'the log says that text is missing' });
    flooding.socket.destroy();
    const lost = async (name: string) => (await pod.state()).edges.find((each) => each.name === name)?.logDroppedBytes;
    assert.ok(((await lost(edge.replace('dolphin-h1-', ''))) ?? 0) > 0, 'the state counts it');
  });
});
