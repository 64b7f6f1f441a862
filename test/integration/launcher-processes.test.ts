import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { requireFreePorts } from '@dolphin/launcher/process/free-ports.js';
import { boundLog, lastLines, openLog } from '@dolphin/launcher/process/log-files.js';
import { identify, isAlive, signalProcess } from '@dolphin/launcher/process/proc.js';
import { RunRecordFile } from '@dolphin/launcher/up/run-record.js';
import { DolphinError } from '@dolphin/protocol';
import { startProcess } from '../support/processes.js';

function ownDir(t: { after: (fn: () => void) => void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'dolphin-launcher-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test('a process is known by its pid and start time, and a later one with its pid is not it', async (t) => {
  const child = startProcess(t, 'sleep', ['60']);
  const id = identify(child.child.pid ?? 0);
  assert.ok(id && isAlive(id));
  assert.equal(isAlive({ ...id, start: id.start + 1 }), false);
  assert.equal(signalProcess({ ...id, start: id.start + 1 }, 'SIGKILL'), false);
  assert.equal(signalProcess(id, 'SIGKILL'), true);
  await child.ends();
  assert.equal(isAlive(id), false);
});

test('a port that is taken is named with the pid and the command of its holder', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  await assert.rejects(requireFreePorts([{ host: '127.0.0.1', port: address.port }]), (error) => {
    assert.ok(error instanceof DolphinError && error.code === 'E_PORT_TAKEN');
    assert.match(error.message, new RegExp(`port ${address.port} is taken by .*node.* \\(pid ${process.pid}\\)`));
    return true;
  });
});

test('a port that is held on all addresses is taken as well', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '::', resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  await assert.rejects(requireFreePorts([{ host: '127.0.0.1', port: address.port }]), /is taken by .* \(pid \d+\)/);
});

test('a log that outgrew its bound is moved aside, and its writer goes on at the top', (t) => {
  const path = join(ownDir(t), 'x.log');
  const fd = openLog(path);
  writeFileSync(fd, `${'a'.repeat(100)}\n`);
  boundLog(path, 50);
  writeFileSync(fd, 'one\ntwo\n');
  assert.equal(statSync(`${path}.1`).size, 101);
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n');
  assert.deepEqual(lastLines(path, 1), ['two']);
});

test('a record forgets processes that are gone, and survives garbage', (t) => {
  const dir = ownDir(t);
  const record = new RunRecordFile(dir);
  const self = identify(process.pid);
  assert.ok(self);
  record.claim({});
  record.set('nats', self);
  record.set('redis', { ...self, start: self.start + 1 });
  const found = new RunRecordFile(dir).read();
  assert.deepEqual(found, { up: self, parts: { nats: self } });
  for (const garbage of [
    '',
    '{',
    '[]',
    '{"up":{"pid":-1,"start":0},"parts":7}',
    '{"parts":{"nats":{"pid":1,"start":0}}}',
  ]) {
    writeFileSync(join(dir, 'up.json'), garbage);
    assert.deepEqual(new RunRecordFile(dir).read(), { up: null, parts: {} });
  }
});
