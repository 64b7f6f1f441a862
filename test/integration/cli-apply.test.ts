import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ApplyRequest, FarmSpec } from '@dolphin/protocol';
import type { TestScope } from '../support/cleanup.js';
import { fromRoot } from '../support/paths.js';
import { tempDir } from '../support/temp-dir.js';
import { type Answer, type Asked, cli, fakeMaster, refusal } from './cli-support/fake-farm.js';

const STORED: Answer = { body: { changed: true, specVersion: 3, sequence: 41 } };
const FARM_YAML = fromRoot('conf/farm.yaml');

/** A master that answers every apply so, and what it was asked. */
async function master(t: TestScope, answer: Answer): Promise<{ api: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const api = await fakeMaster(t, {
    'POST /api/v1/apply': (one) => {
      asked.push(one);
      return answer;
    },
  });
  return { api, asked };
}

test('conf/farm.yaml is applied as it is: eight edges per host', async (t) => {
  const { api, asked } = await master(t, STORED);
  const { code, stdout, stderr } = await cli(t, api, 'apply', '-f', FARM_YAML, '--why', 'match day');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, 'applied: spec version 3, sequence 41\n');
  const { spec, who, why } = ApplyRequest.parse(JSON.parse(asked[0]?.body ?? ''));
  assert.deepEqual(spec, FarmSpec.parse({ edges: { perHost: 8 }, origins: ['127.0.0.1:1935'] }));
  assert.deepEqual([who, why], [`${userInfo().username}@${hostname()}`, 'match day']);
  assert.equal(asked[0]?.headers['if-match'], undefined);
});

test('--if-match goes along as the header, and what it refuses has its own exit code', async (t) => {
  const { api, asked } = await master(t, refusal('E_SPEC_CHANGED', 'the farm is at spec version 3, not 2'));
  const { code, stdout, stderr } = await cli(t, api, 'apply', '-f', FARM_YAML, '--if-match', '2');
  assert.deepEqual([code, stdout], [75, '']);
  assert.equal(stderr, 'dolphin-cli: E_SPEC_CHANGED: the farm is at spec version 3, not 2\n');
  assert.equal(asked[0]?.headers['if-match'], '"2"');
});

test('the same again changes nothing, and that is said', async (t) => {
  const { api } = await master(t, { body: { changed: false, specVersion: 3, sequence: 41 } });
  const words = await cli(t, api, 'apply', '-f', FARM_YAML);
  assert.equal(words.stdout, 'nothing changed: the farm has this specification already, version 3\n');
  const json = await cli(t, api, 'apply', '-f', FARM_YAML, '--json');
  assert.deepEqual(JSON.parse(json.stdout), {
    schema: 'dolphin.apply/1',
    ...{ changed: false, specVersion: 3, sequence: 41 },
  });
});

test('without NATS nothing is applied; exit 69 with the code', async (t) => {
  const { api } = await master(t, refusal('E_BUS_UNAVAILABLE', 'NATS does not answer: not connected'));
  const { code, stderr } = await cli(t, api, 'apply', '-f', FARM_YAML);
  assert.equal(code, 69);
  assert.match(stderr, /^dolphin-cli: E_BUS_UNAVAILABLE: /);
});

test('a code of a newer master keeps its words, and is internal here', async (t) => {
  const answer = { status: 418, body: { error: { code: 'E_TEAPOT', message: 'short and stout', retryable: false } } };
  const { code, stderr } = await cli(t, (await master(t, answer)).api, 'apply', '-f', FARM_YAML);
  assert.equal(code, 70);
  assert.match(stderr, /short and stout/);
});

const origins = 'origins: [127.0.0.1:1935]\n';
for (const [what, text, words] of [
  ['a misspelt field', `${origins}edges:\n  perHosst: 8\n`, /:2: /],
  ['a number out of range', `edges:\n  perHost: 65\n${origins}`, /:[12]: /],
  ['YAML that is none', `edges: [\n${origins}`, /:\d+: /],
  ['an origin that is no address', 'edges: { perHost: 1 }\norigins:\n  - nowhere\n', /:3: .*an origin is host:port/],
  ['a field that is not there', `${origins}edges: { perHost: 1 }\nedgess: 2\n`, /:3: .*there is no such field/],
] as const) {
  test(`${what} is said with file and line, and never sent; exit 78`, async (t) => {
    const { api, asked } = await master(t, STORED);
    const file = join(await tempDir(t), 'farm.yaml');
    writeFileSync(file, text);
    const { code, stdout, stderr } = await cli(t, api, 'apply', '-f', file);
    assert.deepEqual([code, stdout, asked.length], [78, '', 0]);
    assert.ok(stderr.startsWith(`dolphin-cli: E_CONFIG: ${file}:`), stderr);
    assert.match(stderr, words);
  });
}

test('a file that is not there is said so; exit 78', async (t) => {
  const { code, stderr } = await cli(t, 'http://127.0.0.1:9', 'apply', '-f', '/nowhere/farm.yaml');
  assert.equal(code, 78);
  assert.match(stderr, /^dolphin-cli: E_CONFIG: \/nowhere\/farm\.yaml: .*no such file/);
});
