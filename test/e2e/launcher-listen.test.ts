import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { credentialsOf, Invitation } from '@dolphin/protocol';
import { connect } from 'nats';
import { onCleanup, type TestScope } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { startRecording } from '../support/media.js';
import { fromRoot } from '../support/paths.js';
import { freePortRange } from '../support/ports.js';
import { isAlive, processesWith, run, startProcess, type TestProcess } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

const dolphin = fromRoot('dolphin');
/** Both are this machine, as two that know nothing of each other. */
const [FIRST, SECOND] = ['127.0.0.2', '127.0.0.3'];

async function start(t: TestScope, args: readonly string[]): Promise<TestProcess> {
  const up = startProcess(t, dolphin, ['up', ...args], { detached: true });
  const ended = up.exited.then(() => {
    throw new Error(`up ended:\n${up.output()}`);
  });
  ended.catch(() => undefined);
  await Promise.race([up.printed(/Ctrl-C stops all of it/), ended]);
  return up;
}

/** Ends the host of a run directory, its worker first. */
async function endHost(runDir: string): Promise<void> {
  for (const name of ['worker.pid', 'pod.pid']) {
    const pid = Number(await readFile(join(runDir, name), 'utf8').catch(() => ''));
    if (pid > 1 && isAlive(pid)) process.kill(pid, 'SIGTERM');
    await eventually(() => pid <= 1 || !isAlive(pid), { what: `${name} ends` });
  }
}

/** Asks a pod for some of the demo stream. */
async function plays(t: TestScope, url: string): Promise<void> {
  const viewer = startRecording(t, url, { seconds: 2 });
  assert.ok((await viewer.done).video.length > 0, url);
}

test('up --listen prints the command by which the next host joins; it serves, and is there after the next up', async (t) => {
  const dir = await tempDir(t);
  const [upDir, hostDir] = [join(dir, 'up'), join(dir, 'host-2')];
  const base = await freePortRange(80);
  onCleanup(t, async () => {
    await endHost(hostDir);
    await run(t, dolphin, ['down', '--dir', upDir]);
    assert.deepEqual(processesWith(dir), []);
  });
  const args = ['--dir', upDir, '--port-base', String(base), '--edges', '1', '--no-redis'];
  const first = await start(t, [...args, '--listen', FIRST]);
  const cli = (...words: string[]) => run(t, dolphin, ['cli', '--dir', upDir, ...words]);

  const secrets = join(upDir, 'credentials');
  for (const name of readdirSync(secrets)) assert.equal(statSync(join(secrets, name)).mode & 0o077, 0, name);
  const farm = `http://${FIRST}:${base + 4}/api/v1/farm`;
  assert.equal((await fetch(farm)).status, 401);
  await assert.rejects(connect({ servers: `nats://${FIRST}:${base + 2}`, reconnect: false }), /uthorization/);

  // As it is pasted: the shell reads it from a terminal, not from its arguments.
  const [command] = /printf .*/.exec(first.output()) ?? [];
  assert.ok(command, first.output());
  const invitation = Invitation.parse(JSON.parse(/'(.*)'/.exec(command)?.[1] ?? ''));
  assert.equal(invitation.host, 'host-2');
  const script = join(dir, 'pasted');
  const ownPlace = `--address ${SECOND} --private-address ${SECOND} --run-dir ${hostDir}`;
  await writeFile(script, `${command} ${ownPlace}\n`, { mode: 0o600 });
  const worker = startProcess(t, 'sh', [script], { cwd: fromRoot('.') });
  await worker.printed(/joined the farm/);
  const wait = await cli('wait', '--for', 'ready>=2,settled', '--timeout', '60s');
  assert.equal(wait.code, 0, wait.stderr);
  await plays(t, `http://${SECOND}:${base + 1}/live/livestream.flv`);
  assert.deepEqual(processesWith(invitation.password), [], 'no arguments hold it');
  assert.ok(!worker.output().includes(invitation.password));

  for (const source of ['master', 'workers']) {
    const { code, stdout, stderr } = await cli('status', '--json', '--source', source);
    const hosts = (JSON.parse(stdout) as { hosts: { host: string }[] }).hosts.map(({ host }) => host);
    assert.ok(code === 0 && hosts.length === 2 && hosts.includes('host-2'), stdout + stderr);
  }

  // One more is known to the NATS that runs; it has joined nothing yet.
  const more = await run(t, dolphin, ['invite', 'h9', '--dir', upDir]);
  assert.deepEqual([more.code, more.stderr], [0, '']);
  const third = credentialsOf(Invitation.parse(JSON.parse(/'(.*)'/.exec(more.stdout)?.[1] ?? '')));
  const is = { user: third.user, pass: third.password, inboxPrefix: third.inboxPrefix, reconnect: false };
  const bus = await eventually(() => connect({ servers: invitation.nats, ...is }), { what: 'NATS lets it in' });
  await bus.close();
  await rm(join(secrets, 'worker-h9.json'));
  assert.equal((await run(t, dolphin, ['invite', 'h10', '--dir', upDir])).code, 0);
  const shutOut = () =>
    connect({ servers: invitation.nats, ...is }).then(
      (still) => still.close().then(() => false),
      (error: Error) => /uthorization/.test(error.message),
    );
  await eventually(shutOut, { what: 'a host whose file was removed is let in no more' });

  assert.equal((await run(t, dolphin, ['down', '--dir', upDir])).code, 0);
  assert.equal((await first.ends()).code, 0);
  const second = await start(t, args);
  const known = readFileSync(join(secrets, 'worker-host-2.json'), 'utf8');
  assert.ok(known.includes(invitation.password), 'it keeps its password');
  assert.match(second.output(), /the next host, host-3:/);
  const back = await cli('wait', '--for', 'ready>=2,settled', '--timeout', '60s');
  assert.equal(back.code, 0, back.stderr);
  await plays(t, `http://${FIRST}:${base + 1}/live/livestream.flv`);
});
