import assert from 'node:assert/strict';
import { readFile, stat, symlink } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { onCleanup, type TestScope } from '../support/cleanup.js';
import { DEADLINE_MS, eventually } from '../support/eventually.js';
import { fromRoot } from '../support/paths.js';
import { freePortRange } from '../support/ports.js';
import { isAlive, processesWith, run, startProcess, type TestProcess } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

const dolphin = fromRoot('dolphin');
interface Up {
  readonly dir: string;
  readonly base: number;
  readonly args: readonly string[];
}

/** Where an up of this test lives; whatever it leaves is ended with the test. */
async function place(t: TestScope): Promise<Up> {
  const dir = await tempDir(t);
  const base = await freePortRange(80);
  onCleanup(t, async () => {
    await run(t, dolphin, ['down', '--dir', dir]);
  });
  return { dir, base, args: ['up', '--dir', dir, '--port-base', String(base), '--edges', '1'] };
}

/** In a process group of its own, as a terminal's foreground job is. */
async function start(t: TestScope, up: Up, more: readonly string[] = []): Promise<TestProcess> {
  return started(startProcess(t, dolphin, [...up.args, ...more], { detached: true }));
}

async function started(process: TestProcess): Promise<TestProcess> {
  const ended = process.exited.then(() => {
    throw new Error(`up ended:\n${process.output()}`);
  });
  await Promise.race([process.printed(/Ctrl-C stops all of it/), ended]);
  ended.catch(() => undefined);
  return process;
}

/** On a PATH without redis-server, and so without the script, which would install it; with a nats-server by its name. */
async function startWithoutRedis(t: TestScope, up: Up): Promise<TestProcess> {
  const bin = await tempDir(t);
  for (const name of ['env', 'node', 'setpriv', 'sh', 'taskset', 'nats-server']) {
    const { stdout } = await run(t, 'sh', ['-c', `PATH=$PATH:/usr/sbin; command -v ${name}`]);
    if (stdout !== '') await symlink(stdout.trim(), join(bin, name === 'nats-server' ? 'other-nats' : name));
  }
  const env = { ...process.env, PATH: bin, NATS_SERVER_BIN: 'other-nats' };
  const main = fromRoot('bin/dolphin-launcher');
  return started(startProcess(t, process.execPath, [main, ...up.args], { detached: true, env }));
}

/** What Ctrl-C at a terminal does: the signal goes to every process of the group. */
function ctrlC(up: TestProcess): Promise<{ code: number | null }> {
  process.kill(-up.pid, 'SIGINT');
  return up.ends();
}

async function recorded(up: Up, part: string): Promise<number> {
  const record = JSON.parse(await readFile(join(up.dir, 'up.json'), 'utf8')) as {
    parts: Record<string, { pid: number }>;
  };
  const pid = record.parts[part]?.pid;
  assert.ok(pid, `${part} is recorded`);
  return pid;
}

/** The first `bytes` of the sample stream through the public HTTP port. */
function play(up: Up, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const request = get(`http://127.0.0.1:${up.base + 1}/live/livestream.flv`, { agent: false }, (response) => {
      response.on('error', reject);
      response.on('data', (part: Buffer) => {
        parts.push(part);
        const all = Buffer.concat(parts);
        if (all.length < bytes) return;
        request.destroy();
        resolve(all);
      });
    });
    request.setTimeout(DEADLINE_MS, () => request.destroy(new Error('no media')));
    request.on('error', reject);
  });
}

test('up serves a player, restarts what dies, tells others who it is, Ctrl-C leaves nothing, and a second up with its data serves', async (t) => {
  const up = await place(t);
  const first = await start(t, up);
  assert.equal((await play(up, 20_000)).toString('latin1', 0, 3), 'FLV');

  const shown = await run(t, dolphin, ['cli', '--dir', up.dir, 'status']);
  assert.match(shown.stdout, /^farm main: serving; spec 1, /, shown.stderr);
  const direct = await run(t, dolphin, ['cli', '--dir', up.dir, 'status', '--source', 'direct']);
  assert.match(direct.stdout, /^farm main: serving; as this machine knows it, /, direct.stderr);
  assert.equal((await stat(join(up.dir, 'cli.json'))).mode & 0o777, 0o600);

  const second = await run(t, dolphin, [...up.args]);
  assert.equal(second.code, 1, second.stderr);
  assert.match(second.stderr, /runs already, pid \d+/);
  assert.equal(Number(/pid (\d+)/.exec(second.stderr)?.[1]), first.pid);

  const elsewhere = await run(t, dolphin, [
    'up',
    '--dir',
    await tempDir(t),
    '--port-base',
    String(up.base),
    '--edges',
    '1',
  ]);
  assert.equal(elsewhere.code, 69, elsewhere.stderr);
  assert.match(elsewhere.stderr, /port \d+ is taken by .+ \(pid \d+\)/);

  const master = await recorded(up, 'master');
  process.kill(master, 'SIGKILL');
  await first.printed(/master died \(SIGKILL\)/);
  await first.printed(/master is back, pid \d+/);
  assert.notEqual(await recorded(up, 'master'), master);

  assert.ok(processesWith(up.dir).length >= 8, 'all its processes are found by its directory');
  const { code } = await ctrlC(first);
  assert.equal(code, 0, first.output());
  assert.match(first.output(), /stopped publisher, worker, pod, master, origin, redis, nats in/);
  assert.deepEqual(processesWith(up.dir), []);

  const again = await start(t, up);
  const seconds = Number(/up in ([\d.]+) s/.exec(again.output())?.[1]);
  t.diagnostic(`second up with data: ${seconds} s`);
  assert.equal((await play(up, 20_000)).toString('latin1', 0, 3), 'FLV');

  // Twice: at once, without order, but without leftovers either.
  process.kill(again.pid, 'SIGTERM');
  process.kill(again.pid, 'SIGINT');
  assert.equal((await again.ends()).code, 130);
  await eventually(() => processesWith(up.dir).length === 0, { what: 'nothing of it is left' });
});

test('after kill -9 of up the pod serves on, the next up adopts it and ends the rest, and down ends what that one left when killed', async (t) => {
  const up = await place(t);
  const first = await startWithoutRedis(t, up);
  assert.match(first.output(), /redis-server is not installed\n[\s\S]*without Redis/);
  const [pod, nats] = [await recorded(up, 'pod'), await recorded(up, 'nats')];

  first.kill('SIGKILL');
  await first.ends();
  await eventually(() => !isAlive(nats), { what: 'nats-server is gone with up' });
  assert.ok(isAlive(pod), 'the pod goes on');

  const second = await start(t, up, ['--no-redis']);
  assert.match(second.output(), new RegExp(`the pod of the last up goes on, pid ${pod}`));
  assert.equal(await recorded(up, 'pod'), pod);
  assert.equal((await play(up, 20_000)).toString('latin1', 0, 3), 'FLV');

  second.kill('SIGKILL');
  await second.ends();
  const down = await run(t, dolphin, ['down', '--dir', up.dir]);
  assert.equal(down.code, 0, down.stderr);
  assert.match(down.stdout, /pod, pid \d+: ended/);
  assert.deepEqual(processesWith(up.dir), []);
  assert.match((await run(t, dolphin, ['down', '--dir', up.dir])).stdout, /nothing runs in/);
});

test('an up that is stopped while it starts leaves nothing, whatever it had started', async (t) => {
  const up = await place(t);
  for (const step of [/nats-server .* ms/, /origin .* ms/, /worker .* ms/]) {
    const process = startProcess(t, dolphin, [...up.args], { detached: true });
    await process.printed(step);
    assert.equal((await ctrlC(process)).code, 0, process.output());
    assert.deepEqual(processesWith(up.dir), [], `after ${step}`);
  }
});
