import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { copyLog, JetStreamLogStore } from '@dolphin/eventlog';
import { ExportedMessage } from '@dolphin/protocol';
import { connect } from 'nats';
import { onCleanup } from '../support/cleanup.js';
import { startNats } from '../support/nats.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { cliMain } from './cli-support/fake-farm.js';
import { settledFarm } from './master-support/settled-farm.js';
import { TestMaster } from './master-support/test-master.js';

/** Nobody answers there. */
const NOBODY = 'http://127.0.0.1:9';

test('a log that was exported is imported into another NATS, at its sequences, and the farm goes on with it', async (t) => {
  const { nats, master, farmId } = await settledFarm(t, 2);
  const file = join(await tempDir(t), 'log.ndjson');
  // A message that nobody appended: its place stays empty.
  const bus = await connect({ servers: nats.url });
  onCleanup(t, () => bus.close());
  await bus.request('dolphin.main.log.operator', 'stray');
  await master.applied({ perHost: 3 });
  await master.settled(3);
  const cli = (api: string, ...args: string[]) => run(t, process.execPath, [cliMain, '--api', api, ...args]);
  const exported = await cli(`http://127.0.0.1:${master.port}`, 'export', '--to', file);
  assert.equal(exported.code, 0, exported.stderr);
  const { lastSequence } = JSON.parse(readFileSync(file, 'utf8').split('\n')[0] ?? '');
  const messages = await storedIn(nats.url, lastSequence);

  const other = await startNats(t);
  const importInto = (url: string, from = file, api = NOBODY) =>
    cli(api, '--nats', url, 'import', '--from', from, '--json');
  const running = await importInto(other.url, file, `http://127.0.0.1:${master.port}`);
  assert.equal(running.code, 75);
  assert.match(running.stderr, /E_FARM_RUNS: farm main runs: a master at http/);
  const heard = await importInto(nats.url);
  assert.match(heard.stderr, /E_FARM_RUNS: farm main runs: host h1 is there/);

  const broken = join(await tempDir(t), 'broken.ndjson');
  writeFileSync(broken, readFileSync(file, 'utf8').replace('"perHost":3', '"perHost":4'));
  const refused = await importInto(other.url, broken);
  assert.deepEqual(
    [refused.code, /E_CONFIG: .*its checksum is another/.test(refused.stderr)],
    [78, true],
    refused.stderr,
  );

  await importSome(other.url, file, 3);
  const written = await importInto(other.url);
  assert.equal(written.code, 0, written.stderr);
  const said = JSON.parse(written.stdout);
  assert.deepEqual(
    [said.schema, said.farmId, said.lastSequence, said.messages, said.written],
    ['dolphin.imported/1', farmId, lastSequence, messages.length, messages.length - 3],
  );
  assert.deepEqual(await storedIn(other.url, lastSequence), messages);
  assert.equal(JSON.parse((await importInto(other.url)).stdout).written, 0, 'asked for again, it is there');

  const next = await TestMaster.start(t, { nats: other.url });
  const view = await next.until('it has the farm', ({ specVersion }) => specVersion === 2);
  assert.equal(view.farmId, farmId);
  await next.leads();
  const { sequence, specVersion } = await next.applied({ perHost: 4 });
  assert.equal(specVersion, 3);
  assert.ok(sequence > lastSequence);
  await next.kill();
  assert.match((await importInto(other.url)).stderr, /E_FARM_EXISTS: farm main exists already/);
});

/** As an import that was killed. */
async function importSome(url: string, file: string, count: number): Promise<void> {
  const [header, ...lines] = readFileSync(file, 'utf8').split('\n');
  const bus = await connect({ servers: url });
  try {
    const some = async function* () {
      for (const line of lines.slice(0, count)) yield ExportedMessage.parse(JSON.parse(line));
    };
    assert.equal(await copyLog(bus, JSON.parse(header ?? ''), some()), count);
  } finally {
    await bus.close();
  }
}

/** All that was appended, up to there. */
async function storedIn(url: string, until: number): Promise<unknown[]> {
  const bus = await connect({ servers: url });
  try {
    const log = await JetStreamLogStore.open(bus, 'main');
    const found: unknown[] = [];
    for await (const item of log.read({ after: 0, until })) {
      if (item.type === 'stored') found.push([item.sequence, item.subject, item.messageId, item.envelope]);
    }
    return found;
  } finally {
    await bus.close();
  }
}
