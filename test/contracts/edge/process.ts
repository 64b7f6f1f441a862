import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { clientsOf, edgeConf, freeEdgePorts, startEdge, streamIsLive } from '../../integration/edge-support/edge.js';
import { eventually } from '../../support/eventually.js';
import { publishFile, startRecording } from '../../support/media.js';
import { fromRoot } from '../../support/paths.js';
import { run } from '../../support/processes.js';
import { tempDir } from '../../support/temp-dir.js';
import type { EdgeUnderTest } from './edge-under-test.js';

const VERSION = /^\d+\.\d+\.\d+\n$/;
const SIGNATURE = /^[\w-]+\/\d+\.\d+\.\d+.*\n$/;
const HELP = /-t.*-c.*-v.*-g/s;

/** Arguments, the exit code, and what stdout says. `GOOD`, `BAD` stand for confs, `NONE` for a file that is not there. */
const COMMAND_LINES: readonly (readonly [args: string, code: number, stdout?: RegExp])[] = [
  ['-v', 0, VERSION],
  ['-V', 0, VERSION],
  ['--version', 0, VERSION],
  ['-v -c NONE', 0, VERSION],
  ['-gv', 0, VERSION],
  ['-g', 0, SIGNATURE],
  ['-G', 0, SIGNATURE],
  ['', 0, HELP],
  ['-h', 0, HELP],
  ['-?', 0, HELP],
  ['--help', 0, HELP],
  ['word', 0, HELP],
  ['-t -c GOOD', 0, /test is successful/],
  ['-tc GOOD', 0, /test is successful/],
  ['-t -cGOOD', 255],
  ['-h -t -c GOOD', 0, /test is successful/],
  ['-t -c BAD', 255],
  ['-c BAD', 255],
  ['-t -c NONE', 255],
  ['-c NONE', 255],
  ['-t', 255],
  ['-c', 255],
  ['-z', 255],
  ['-t -c TOO_MANY', 255],
  ['-c TOO_MANY', 255],
  ['-c NO_WORK_DIR', 255],
  ['-c NO_PID_FILE', 10],
];

/** Command line, exit codes and signals. */
export function processContract(edge: EdgeUnderTest): void {
  const binary = edge.binary ?? fromRoot('bin/dolphin-edge');
  const of = edge.binary === undefined ? {} : { binary: edge.binary };

  it('understands each command line, and ends with its exit code', async (t) => {
    const dir = await tempDir(t);
    const good = edgeConf({}, await freeEdgePorts());
    const confs: Record<string, string> = {
      GOOD: good,
      BAD: `${good}\nvhost broken {`,
      TOO_MANY: good.replace(/max_connections \d+/, 'max_connections 100000000'),
      NO_WORK_DIR: `${good}\nwork_dir GOOD/below;`,
      NO_PID_FILE: good.replace('edge.pid', 'GOOD/below.pid'),
    };
    for (const [name, text] of Object.entries(confs)) await writeFile(join(dir, name), text);
    for (const [args, code, stdout] of COMMAND_LINES) {
      const ended = await run(t, binary, args === '' ? [] : args.split(' '), { cwd: dir });
      assert.equal(ended.code, code, `${args}: ${ended.stdout}${ended.stderr}`);
      if (stdout !== undefined) assert.match(ended.stdout, stdout, args);
    }
  });

  it('refuses a port that another program has (234), and a pid file that another of it has (11)', async (t) => {
    const server = await startEdge(t, of);
    assert.equal(await readFile(join(server.dir, 'edge.pid'), 'utf8'), `${server.process.pid}`);
    const conf = join(server.dir, 'other.conf');
    await writeFile(conf, edgeConf({}, await freeEdgePorts()));
    assert.equal((await run(t, binary, ['-c', conf], { cwd: server.dir })).code, 11);
    assert.equal(await readFile(join(server.dir, 'edge.pid'), 'utf8'), `${server.process.pid}`);

    const dir = await tempDir(t);
    for (const taken of [0, 1, 2]) {
      const ports = await freeEdgePorts();
      const holder = createServer().listen(ports[taken], '127.0.0.1');
      t.after(() => holder.close());
      await once(holder, 'listening');
      await writeFile(join(dir, 'conf'), edgeConf({}, ports));
      assert.equal((await run(t, binary, ['-c', 'conf'], { cwd: dir })).code, 234, `port ${taken}`);
    }

    // Killed, it leaves the file and no lock.
    await server.process.stop('SIGKILL');
    const next = await startEdge(t, { ...of, conf: (text) => text.replace('edge.pid', `${server.dir}/edge.pid`) });
    assert.equal(await readFile(join(server.dir, 'edge.pid'), 'utf8'), `${next.process.pid}`);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends at ${signal} with exit code 0, and cuts who plays`, async (t) => {
      const server = await startEdge(t, of);
      publishFile(t, server.rtmp('livestream'), { loop: true });
      await streamIsLive(server, 'livestream');
      const player = startRecording(t, server.rtmp('livestream'), { seconds: 600 });
      await eventually(async () => (await clientsOf(server)).length === 2, { what: 'it is played' });
      assert.deepEqual(await server.process.stop(signal), { code: 0, signal: null });
      await player.process.ends();
    });
  }

  it('writes its log where the conf says, and opens it anew at SIGUSR1', async (t) => {
    const server = await startEdge(t, {
      ...of,
      conf: (text) => text.replace('srs_log_tank console;', 'srs_log_tank file; srs_log_file ./edge.log;'),
    });
    const log = join(server.dir, 'edge.log');
    await eventually(async () => (await readFile(log, 'utf8')).length > 0, { what: 'there is a log' });
    await rename(log, `${log}.1`);
    server.process.kill('SIGUSR1');
    await eventually(async () => (await readFile(log, 'utf8')).length > 0, { what: 'there is a new log' });
    const size = (await readFile(`${log}.1`)).length;
    server.process.kill('SIGHUP');
    await eventually(async () => /reload/.test(await readFile(log, 'utf8')), { what: 'it goes on in the new one' });
    assert.equal((await readFile(`${log}.1`)).length, size);
    await server.process.stop('SIGTERM');
    assert.match(await readFile(log, 'utf8'), /stop|quit/);
  });

  it('ends at SIGQUIT when its last client left, as SRS 4 and 6; SRS 5 ends at once', async (t) => {
    const { server, player } = await playing(t, 'grace_start_wait 200; grace_final_wait 200;');
    server.process.kill('SIGQUIT');
    if (edge.is === 'srs') {
      assert.equal((await server.process.ends()).code, 0);
      return;
    }
    await eventually(async () => !(await isListening(server.rtmpPort)), { what: 'it takes nobody any more' });
    assert.equal(await isListening(server.httpPort), false);
    const had = player.soFar().video.length;
    await eventually(() => player.soFar().video.length > had + 50, { what: 'the player plays on' });
    assert.equal(server.process.child.exitCode, null);
    player.process.kill('SIGTERM');
    server.publisher.kill('SIGTERM');
    assert.deepEqual(await server.process.ends(), { code: 0, signal: null });
  });

  it('takes SIGTERM for SIGQUIT where the conf says force_grace_quit, and ends at once at the second', async (t) => {
    const { server, player } = await playing(t, 'grace_start_wait 200; grace_final_wait 200; force_grace_quit on;');
    server.process.kill('SIGTERM');
    if (edge.is === 'srs') {
      assert.equal((await server.process.ends()).code, 0);
      return;
    }
    await eventually(async () => !(await isListening(server.rtmpPort)), { what: 'it takes nobody any more' });
    assert.equal(player.process.child.exitCode, null);
    assert.deepEqual(await server.process.stop('SIGTERM'), { code: 0, signal: null });
    await player.process.ends();
  });

  async function playing(t: TestContext, root: string) {
    const server = await startEdge(t, { ...of, conf: (text) => `${root}\n${text}` });
    const publisher = publishFile(t, server.rtmp('livestream'), { loop: true });
    await streamIsLive(server, 'livestream');
    const player = startRecording(t, server.rtmp('livestream'), { seconds: 600 });
    await eventually(() => player.soFar().video.length > 0, { what: 'it is played' });
    return { server: { ...server, publisher }, player };
  }
}

async function isListening(port: number): Promise<boolean> {
  try {
    await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1000) });
    return true;
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    return cause?.code !== 'ECONNREFUSED';
  }
}
