import assert from 'node:assert/strict';
import { chmod, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import type { TestScope } from '../support/cleanup.js';
import { fromRoot } from '../support/paths.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

const dolphin = fromRoot('dolphin');

test('help is on stdout, and needs nothing', async (t) => {
  for (const flag of ['help', '--help', '-h']) {
    const { code, stdout, stderr } = await run(t, dolphin, [flag]);
    assert.equal(code, 0);
    assert.match(stdout, /\.\/dolphin up/);
    assert.equal(stderr, '');
  }
});

test('the verbs that have flags list them with --help, on stdout', async (t) => {
  for (const verb of ['up', 'down', 'invite', 'worker', 'bench', 'cli']) {
    const { code, stdout, stderr } = await run(t, dolphin, [verb, '--help']);
    assert.equal(code, 0, verb);
    assert.match(stdout, /^usage: /i);
    assert.equal(stderr, '');
  }
});

test('an unknown verb, flag or kind of test prints the usage on stderr and exits 64', async (t) => {
  for (const argv of [
    [],
    ['upp'],
    ['-z'],
    ['--unknown'],
    ['test', 'fast'],
    ['test', 'unit', 'e2e'],
    ['test', '--coverage', 'unit', 'e2e'],
    ['test', 'unit', '--coverage'],
    ['test', '--long', '--coverage'],
    ['test', 'unit', '--long'],
    ['check', 'all'],
    ['help', 'up'],
    ['--help', 'up'],
  ]) {
    const { code, stdout, stderr } = await run(t, dolphin, argv);
    assert.equal(code, 64, argv.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, /\.\/dolphin test \[--coverage\|--long\] \[unit\|integration\|e2e\|repo\]/);
  }
});

test('an unknown flag of up, down or invite prints its usage on stderr and exits 64', async (t) => {
  for (const verb of ['up', 'down', 'invite']) {
    const { code, stdout, stderr } = await run(t, dolphin, [verb, '--bogus']);
    assert.equal(code, 64);
    assert.equal(stdout, '');
    assert.match(stderr, /--bogus/);
    assert.match(stderr, new RegExp(`usage: \\./dolphin ${verb}`));
  }
});

test("another machine's address is refused, and makes nothing", async (t) => {
  const dir = await tempDir(t);
  // Of a range that is for documentation.
  const { code, stderr } = await run(t, dolphin, ['up', '--dir', dir, '--no-redis', '--listen', '192.0.2.1']);
  assert.equal(code, 78, stderr);
  assert.match(stderr, /192\.0\.2\.1 is no address of this machine[\s\S]*E_CONFIG/);
  const invite = await run(t, dolphin, ['invite', 'h2', '--dir', dir]);
  assert.equal(invite.code, 78);
  assert.match(invite.stderr, /no up --listen has run/);
});

test('down where nothing runs says so', async (t) => {
  const { code, stdout } = await run(t, dolphin, ['down', '--dir', await tempDir(t)]);
  assert.equal(code, 0);
  assert.match(stdout, /nothing runs in/);
});

test('an old node is named with its version, and nothing is tried with it', async (t) => {
  const path = await fakePath(t, { node: 'echo v18.19.0' });
  const { code, stderr } = await run(t, dolphin, ['up'], { env: { PATH: path } });
  assert.equal(code, 69);
  assert.match(stderr, /Node\.js >= 20\.19 is needed, .*node is v18\.19\.0/);
});

test('without the right to install, the exact command is printed', async (t) => {
  const path = await fakePath(t, { id: 'echo 1000', sudo: 'exit 1', 'apt-get': 'exit 1' }, [
    'redis-server',
    'nats-server',
  ]);
  // Without Redis alone `up` goes on, to find that nothing can be in this directory.
  const dir = join(await tempDir(t), 'too-long-for-a-socket'.repeat(6));
  const { code, stderr } = await run(t, dolphin, ['up', '--dir', dir], { env: { PATH: path } });
  assert.match(stderr, /^ {2}apt-get install -y --no-install-recommends( nats-server)? redis-server$/m);
  assert.match(stderr, /going on without redis-server|nats-server redis-server/);
  assert.ok(code !== null && code > 0, stderr);
});

test('wrong flags are said before anything is installed', async (t) => {
  const path = await fakePath(t, { id: 'echo 0', 'apt-get': 'echo INSTALLED >&2' }, ['redis-server', 'nats-server']);
  for (const argv of [
    ['up', '--bogus'],
    ['bench', 'proxy', '--bogus'],
    ['bench', 'proxy', '--rounds', '0'],
    ['bench', 'proxy', '--peer', 'other=without-a-port'],
  ]) {
    const { code, stderr } = await run(t, dolphin, argv, { env: { PATH: path } });
    assert.equal(code, 64, argv.join(' '));
    assert.match(stderr, /usage: \.\/dolphin/);
    assert.doesNotMatch(stderr, /INSTALLED|installing/);
  }
});

test('the peers of bench proxy are wanted when its flags are right', async (t) => {
  const path = await fakePath(t, { id: 'echo 1000', sudo: 'exit 1', 'apt-get': 'exit 1' });
  const { code, stderr } = await run(t, dolphin, ['bench', 'proxy', '--rounds', '1'], { env: { PATH: path } });
  assert.equal(code, 69);
  assert.match(stderr, /^ {2}apt-get install -y --no-install-recommends .*util-linux$/m);
});

/** What ./dolphin itself uses, so that a PATH can be made in which other programs are missing. */
const TOOLS = ['sh', 'dirname', 'readlink', 'cat', 'cmp', 'find', 'flock', 'rm', 'cp', 'mv', 'setpriv', 'npm', 'node'];

/** A directory with ./dolphin's own tools, and scripts in place of others. What is `missing` must not be found. */
async function fakePath(
  t: TestScope,
  scripts: Record<string, string>,
  missing: readonly string[] = [],
): Promise<string> {
  const dir = await tempDir(t);
  for (const tool of TOOLS.filter((name) => !(name in scripts) && !missing.includes(name))) {
    const found = await run(t, 'sh', ['-c', `command -v ${tool}`]);
    await symlink(found.stdout.trim(), join(dir, tool));
  }
  for (const [name, body] of Object.entries(scripts)) {
    await writeFile(join(dir, name), `#!/bin/sh\n${body}\n`);
    await chmod(join(dir, name), 0o755);
  }
  assert.ok(!dir.includes(delimiter));
  return dir;
}
