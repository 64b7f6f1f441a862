import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../support/eventually.js';
import { fromRoot } from '../support/paths.js';
import { startProcess } from '../support/processes.js';
import { openClient } from '../support/raw-client.js';
import { tempDir } from '../support/temp-dir.js';
import { edgeConf, freeEdgePorts } from './edge-support/edge.js';

const binary = fromRoot('bin/dolphin-edge');

/** TCP ports that a process listens on. */
function portsOf(pid: number): number[] {
  const inodes = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
    } catch {
      return undefined;
    }
  });
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.includes(inode))
    .map(([, address = '']) => Number.parseInt(address.split(':')[1] ?? '', 16))
    .sort((a, b) => a - b);
}

/** Is signalled by itself as soon as it asks for its modules, or the one file that is made of them; the hook runs in a thread, which signals do not wait for. */
function signalsItself(signal: NodeJS.Signals): string {
  const resolve = `export async function resolve(name, context, next) {
    if (/\\/(edge-process\\.js|bundled\\.mjs)$/.test(name)) process.kill(process.pid, '${signal}');
    return next(name, context);
  }`;
  const hook = `data:text/javascript,${encodeURIComponent(resolve)}`;
  const preload = `import { register } from 'node:module'; register(${JSON.stringify(hook)});`;
  return `--import=data:text/javascript,${encodeURIComponent(preload)}`;
}

async function start(t: TestContext, env: NodeJS.ProcessEnv = {}) {
  const ports = await freeEdgePorts();
  const cwd = await tempDir(t);
  const conf = join(cwd, 'edge.conf');
  await writeFile(conf, `grace_start_wait 100; grace_final_wait 100;\n${edgeConf({}, ports)}`);
  const edge = startProcess(t, binary, ['-c', conf], { cwd, env: { ...process.env, ...env } });
  return { edge, ports, dir: cwd };
}

describe('an edge that is signalled while it starts', { concurrency: 3 }, () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
    it(`ends with exit code 0 by a ${signal} that comes before its modules are loaded`, async (t) => {
      const { edge } = await start(t, { NODE_OPTIONS: signalsItself(signal) });
      assert.deepEqual(await edge.ends(), { code: 0, signal: null }, edge.output());
      assert.match(edge.output(), signal === 'SIGQUIT' ? /ends slowly/ : /stopping/);
      if (signal !== 'SIGQUIT') assert.doesNotMatch(edge.output(), /ready/, 'it opens nothing any more');
    });
  }

  it('has its pid in its file before it opens a port, and leaves no file behind when it is ended then', async (t) => {
    // Its first port stays unopened: what resolves the address never answers.
    const preload = `import dns from 'node:dns'; dns.lookup = () => undefined;`;
    const { edge, dir } = await start(t, {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}`,
    });
    const file = join(dir, 'edge.pid');
    await eventually(() => existsSync(file) && readFileSync(file, 'utf8') === `${edge.pid}`, { what: 'its pid file' });
    assert.deepEqual(await edge.stop('SIGTERM'), { code: 0, signal: null });
    assert.equal(existsSync(file), false);
  });

  it('never opens a debugger by a SIGUSR1, however early', async (t) => {
    for (const waitMs of [0, 5, 10, 15, 20, 25, 30, 40, 60]) {
      const { edge, ports } = await start(t);
      await new Promise((done) => setTimeout(done, waitMs));
      edge.kill('SIGUSR1');
      await eventually(() => /"ready"/.test(edge.output()) || edge.child.signalCode !== null, {
        what: 'it is up, or ended',
      });
      assert.doesNotMatch(edge.output(), /Debugger listening/);
      // Before it runs a line of its own, in its first millisecond, the system may end it.
      if (edge.child.signalCode !== null) continue;
      await eventually(() => portsOf(edge.pid).join() === [...ports].sort((a, b) => a - b).join(), {
        what: 'its own ports are all that is open',
      });
    }
  });
});

describe('an edge that ends slowly', { concurrency: true }, () => {
  it('does not wait for connections that viewers over HLS keep, and tells them to come no more', async (t) => {
    const { edge, ports } = await start(t);
    await edge.printed(/"ready"/);
    const kept = await openClient(t, ports[1]);
    const ask = 'GET /live/none.m3u8 HTTP/1.1\r\nHost: h\r\n\r\n';
    kept.say(ask);
    await kept.hears(/Connection: Keep-Alive/);
    edge.kill('SIGQUIT');
    await kept.isClosed();
    // Long before the five minutes that a player may have.
    assert.deepEqual(await edge.ends(), { code: 0, signal: null });
  });
});
