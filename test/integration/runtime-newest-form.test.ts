import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { buildStamps, bundleOf, bundleStampsOf, isBundleFresh, newestForm } from '@dolphin/runtime/newest-form.js';
import { fromRoot } from '../support/paths.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

const BUILT = ['.tsbuildinfo', 'lock'];

/** Loaded before a program: signals it as soon as it asks for its main module, or its bundle; the hook runs in a thread, which signals do not wait for. */
function signalsItself(signal: NodeJS.Signals): string {
  const resolve = `export async function resolve(name, context, next) {
    if (/\\/(main\\.js|bundled\\.mjs)$/.test(name)) process.kill(process.pid, '${signal}');
    return next(name, context);
  }`;
  const hook = `data:text/javascript,${encodeURIComponent(resolve)}`;
  const preload = `import { register } from 'node:module'; register(${JSON.stringify(hook)});`;
  return `--import=data:text/javascript,${encodeURIComponent(preload)}`;
}

/** A program with a bundle of its present build. */
async function bundledProgram(t: TestContext): Promise<{ main: URL; dir: string }> {
  const dir = await tempDir(t);
  for (const name of BUILT) writeFileSync(join(dir, name), '');
  const main = pathToFileURL(join(dir, 'main.js'));
  writeFileSync(bundleOf(main), '');
  writeFileSync(bundleStampsOf(main), JSON.stringify(buildStamps(main, BUILT)));
  return { main, dir };
}

describe('a program', () => {
  it('is its bundle while that is of the present build, but for coverage, which counts by file', async (t) => {
    const { main } = await bundledProgram(t);
    assert.equal(isBundleFresh(main), true);
    const expected = process.env['NODE_V8_COVERAGE'] === undefined ? bundleOf(main) : main;
    assert.equal(newestForm(main).href, expected.href);
  });

  it('is its modules when something was built since, also when that looks older', async (t) => {
    const { main, dir } = await bundledProgram(t);
    utimesSync(join(dir, '.tsbuildinfo'), 1, 1);
    assert.equal(newestForm(main).href, main.href);
  });

  it('is its modules when what its bundle was made of is gone, or was not there', async (t) => {
    const { main, dir } = await bundledProgram(t);
    rmSync(join(dir, 'lock'));
    assert.equal(newestForm(main).href, main.href);
    writeFileSync(bundleStampsOf(main), JSON.stringify(buildStamps(main, BUILT)));
    assert.equal(isBundleFresh(main), true);
    writeFileSync(join(dir, 'lock'), '');
    assert.equal(newestForm(main).href, main.href);
  });

  it('is its modules where nobody made a bundle, or its note is none', async (t) => {
    const gone = await bundledProgram(t);
    rmSync(bundleOf(gone.main));
    assert.equal(newestForm(gone.main).href, gone.main.href);
    const { main } = await bundledProgram(t);
    for (const note of ['', 'null', '[]', '{}', '7', '{"lock"']) {
      writeFileSync(bundleStampsOf(main), note);
      assert.equal(newestForm(main).href, main.href, note);
    }
    rmSync(bundleStampsOf(main));
    assert.equal(newestForm(main).href, main.href);
  });

  it('says the same in either form', async (t) => {
    const said = async (args: string[], env: NodeJS.ProcessEnv = {}) => {
      const { code, stdout, stderr } = await run(t, process.execPath, args, { env: { ...process.env, ...env } });
      assert.equal(code, 0, stderr);
      return stdout;
    };
    for (const name of ['cli', 'master', 'pod', 'worker']) {
      const modules = await said([fromRoot(`services/${name}/dist/main.js`), '--help']);
      assert.equal(await said([fromRoot(`bin/dolphin-${name}`), '--help']), modules);
    }
  });

  it('opens no debugger by a SIGUSR1 that comes before it is loaded', async (t) => {
    for (const name of ['cli', 'launcher', 'master', 'pod', 'worker']) {
      const env = { ...process.env, NODE_OPTIONS: `--inspect-port=127.0.0.1:0 ${signalsItself('SIGUSR1')}` };
      const { stderr } = await run(t, process.execPath, [fromRoot(`bin/dolphin-${name}`), '--help'], { env });
      assert.doesNotMatch(stderr, /Debugger listening/, name);
    }
  });

  it('ends when the one that started it goes while it is loaded: a relay', { timeout: 30_000 }, async (t) => {
    const relay = fork(fromRoot('bin/dolphin-relay'), { stdio: 'ignore' });
    t.after(() => relay.kill('SIGKILL'));
    relay.disconnect();
    assert.deepEqual(await once(relay, 'exit'), [0, null]);
  });
});
