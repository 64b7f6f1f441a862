import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { ConfigError, loadConfig, writeFileAtomic } from '@dolphin/runtime';
import { z } from 'zod';
import { tempDir } from '../support/temp-dir.js';

const schema = z.strictObject({
  farm: z.string().default('main'),
  listen: z.string().default('127.0.0.1:33330'),
  relays: z.int().min(0).default(1),
  ports: z.strictObject({ rtmp: z.int().default(19350), http: z.int().default(8088) }).prefault({}),
  engines: z.record(z.string(), z.string()).default({}),
});

async function load(
  t: TestContext,
  yaml: string | null,
  env: Record<string, string> = {},
  flags: Record<string, unknown> = {},
) {
  const file = yaml === null ? undefined : join(await tempDir(t), 'master.yaml');
  if (file) await writeFile(file, yaml ?? '');
  try {
    return { config: loadConfig({ schema, file, envPrefix: 'DOLPHIN_', env, flags }) };
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return { file: error.file.replace(/.*\//, ''), line: error.line, field: error.field, message: error.message };
  }
}

describe('the configuration', () => {
  it('has defaults, which yield to the file, the environment and the flags, field by field', async (t) => {
    assert.equal((await load(t, null)).config?.relays, 1);
    assert.equal((await load(t, '')).config?.relays, 1);
    const yaml = 'relays: 2\nports:\n  rtmp: 1\n  http: 2\nfarm: from-file\n';
    const env = { DOLPHIN_RELAYS: '3', DOLPHIN_PORTS__HTTP: '3', DOLPHIN_LOG_LEVEL: 'debug', OTHER: 'x' };
    const { config } = await load(t, yaml, env, { relays: 4, farm: undefined });
    assert.deepEqual(config, {
      farm: 'from-file',
      listen: '127.0.0.1:33330',
      relays: 4,
      ports: { rtmp: 1, http: 3 },
      engines: {},
    });
  });

  it('takes a variable as text where the schema wants text', async (t) => {
    assert.equal((await load(t, null, { DOLPHIN_FARM: '007' })).config?.farm, '007');
    assert.equal((await load(t, null, { DOLPHIN_FARM: 'true' })).config?.farm, 'true');
    const engines = '{"srs5":"/usr/local/srs"}';
    assert.deepEqual((await load(t, null, { DOLPHIN_ENGINES: engines })).config?.engines, { srs5: '/usr/local/srs' });
  });

  it('is refused with file, line and field', async (t) => {
    const at = async (yaml: string) => {
      const { file, line, field } = await load(t, yaml);
      return `${file}:${line}: ${field}`;
    };
    assert.equal(await at('farm: x\n# a comment\nrelays: many\n'), 'master.yaml:3: relays');
    assert.equal(await at('farm: x\nports:\n  http: 1\n  rtmp: {}\n'), 'master.yaml:4: ports.rtmp');
    assert.equal(await at('farm: x\nports:\n  htpp: 1\n'), 'master.yaml:3: ports.htpp');
    assert.equal(await at('farm: x\n\nfarn: y\n'), 'master.yaml:3: farn');
    assert.equal(await at('farm: [\n'), 'master.yaml:2: ');
    assert.equal(await at('- a\n- b\n'), 'master.yaml:1: ');
    assert.equal(await at('farm: x\nfarm: y\n'), 'master.yaml:2: ');
  });

  it('names the environment or the flags when the value came from there', async (t) => {
    const fromEnv = await load(t, 'relays: 1\n', { DOLPHIN_RELAYS: 'many' });
    assert.deepEqual([fromEnv.file, fromEnv.field], ['environment', 'relays']);
    const fromFlags = await load(t, 'relays: 1\n', { DOLPHIN_RELAYS: '2' }, { relays: -1 });
    assert.deepEqual([fromFlags.file, fromFlags.field], ['flags', 'relays']);
  });

  it('is refused when it has no end', () => {
    const sources = { schema, file: '/dev/zero', envPrefix: 'DOLPHIN_', env: {}, flags: {} };
    assert.throws(() => loadConfig(sources), { name: 'ConfigError', message: '/dev/zero: larger than 1048576 bytes' });
  });

  it('says so when the file is not there', () => {
    const sources = { schema, file: '/no/such.yaml', envPrefix: 'DOLPHIN_', env: {}, flags: {} };
    assert.throws(() => loadConfig(sources), { name: 'ConfigError', file: '/no/such.yaml' });
  });
});

describe('a file that is written atomically', () => {
  it('is replaced whole, with a mode of its own, and leaves no other file', async (t) => {
    const dir = await tempDir(t);
    const path = join(dir, 'host.json');
    await writeFileAtomic(path, 'one');
    await Promise.all(['two', 'three'].map((text) => writeFileAtomic(path, text)));
    assert.match(await readFile(path, 'utf8'), /^(two|three)$/);
    assert.deepEqual(await readdir(dir), ['host.json']);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('stays as it was when the new one cannot be written', async (t) => {
    const dir = await tempDir(t);
    await assert.rejects(writeFileAtomic(join(dir, 'no', 'such'), 'x'), { code: 'ENOENT' });
    assert.deepEqual(await readdir(dir), []);
  });
});
