import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { startNats } from '../support/nats.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { cli, fakeMaster, refusal } from './cli-support/fake-farm.js';
import { TestMaster } from './master-support/test-master.js';

test('export puts the whole log of a farm into a file of its owner', async (t) => {
  const nats = await startNats(t);
  const master = await TestMaster.start(t, { nats: nats.url });
  const { farmId } = await master.init();
  await eventually(async () => (await master.apply({ perHost: 0 })).status === 200, { what: 'applied' });
  const file = join(await tempDir(t), 'log.ndjson');
  const { code, stdout, stderr } = await cli(t, `http://127.0.0.1:${master.port}`, 'export', '--to', file, '--json');
  assert.equal(code, 0, stderr);
  const said = JSON.parse(stdout);
  assert.deepEqual([said.schema, said.file, said.farmId], ['dolphin.exported/1', file, farmId]);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  assert.equal(lines.length, said.messages + 2);
  const types = lines
    .slice(1, -1)
    .flatMap((line) => JSON.parse(line).envelope.entries.map((one: { type: string }) => one.type));
  assert.ok(types.includes('farm-created') && types.includes('farm-applied'), types.join());
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(dirname(file)), ['log.ndjson']);
});

const header = {
  ...{ type: 'dolphin.export/1', farm: 'main', farmId: '11111111-1111-4111-8111-111111111111', version: '0' },
  ...{ at: '2026-01-01T00:00:00.000Z', created: 'then', lastSequence: 0 },
};
const first = `${JSON.stringify(header)}\n`;
const sha256 = createHash('sha256').update(first).digest('hex');
const end = (more: object = {}) => `${JSON.stringify({ end: true, messages: 0, sha256, ...more })}\n`;

test('what is not whole leaves no file and says why', async (t) => {
  const dir = await tempDir(t);
  const exported = async (body: unknown, status = 200) => {
    const api = await fakeMaster(t, { 'GET /api/v1/export': () => ({ status, body }) });
    const file = join(dir, 'log.ndjson');
    const { code, stderr } = await cli(t, api, 'export', '--to', file);
    assert.deepEqual(readdirSync(dir), code === 0 ? ['log.ndjson'] : []);
    return `${code} ${stderr}`;
  };
  assert.match(await exported(first), /^69 .*E_UNREACHABLE: .* it ended before its end/);
  assert.match(
    await exported(first + end({ sha256: sha256.replace(/^./, (c) => (c === '0' ? '1' : '0')) })),
    /^69 .*its checksum is another/,
  );
  assert.match(await exported(first + end({ messages: 1 })), /^69 .*its checksum is another/);
  assert.match(await exported(`{"type":"other"}\n${end()}`), /^69 .*its first line is none of this version/);
  assert.match(await exported(refusal('E_NO_FARM', 'there is none').body, 409), /^69 .*E_NO_FARM: there is none/);
  assert.match(await exported(first + end()), /^0 /);
});

test('a pipe is written to, and stays one', async (t) => {
  const dir = await tempDir(t);
  const [pipe, copy] = [join(dir, 'pipe'), join(dir, 'copy')];
  await run(t, 'sh', ['-c', 'mkfifo "$0"', pipe]);
  const api = await fakeMaster(t, { 'GET /api/v1/export': () => ({ status: 200, body: first + end() }) });
  const [{ code, stderr }] = await Promise.all([
    cli(t, api, 'export', '--to', pipe),
    run(t, 'sh', ['-c', 'cat "$0" > "$1"', pipe, copy]),
  ]);
  assert.equal(code, 0, stderr);
  assert.ok(statSync(pipe).isFIFO());
  assert.equal(readFileSync(copy, 'utf8'), first + end());
});
