import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fromRoot } from '../support/paths.js';
import { freePorts } from '../support/ports.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { edgeConf, startEdge } from './edge-support/edge.js';

const binary = fromRoot('bin/dolphin-edge');

async function testConf(t: TestContext, text: string, args: readonly string[] = ['-t']) {
  const conf = join(await tempDir(t), 'edge.conf');
  await writeFile(conf, text);
  return await run(t, binary, ['-c', conf, ...args], { cwd: dirname(conf) });
}

describe('the process of an edge', { concurrency: 3 }, () => {
  it('refuses a conf that restricts access in ways that are not there, with file and line, and exit 255', async (t) => {
    const texts = [
      'listen 1;\nvhost a { security { enabled on;\n  deny play 10.0.0.0/33; } }',
      'listen 1;\nvhost a { security { enabled on;\n  deny everybody; } }',
      'listen 1;\nvhost a { http_hooks { enabled on;\n  on_hls http://h/; } }',
      'listen 1;\nvhost a { refer { enabled on;\n  al github.com; } }',
      'listen 1;\nvhost a { mode remote; origin o;\n  token_traverse yes; }',
      'listen 1;\nhttp_api { enabled on;\n  auth { enabled on; username a; password b; } }',
      'listen 1;\n\nlisten x y {',
    ];
    for (const text of texts) {
      const { code, stderr } = await testConf(t, text);
      assert.equal(code, 255, text);
      assert.match(stderr, /edge\.conf:3: /, text);
    }
  });

  it('accepts a good conf with a word about what has no effect', async (t) => {
    const text =
      'listen 1; vhost a { security { enabled off; } transcode ff { enabled on; } play { what_is_this 1; } }';
    const { code, stderr } = await testConf(t, text);
    assert.equal(code, 0);
    assert.match(stderr, /transcode has no effect here/);
    assert.match(stderr, /what_is_this has no effect here/);
  });

  it('exits 234 with the reason when a port is taken, by another edge too', async (t) => {
    const edge = await startEdge(t);
    const cwd = await tempDir(t);
    const second = await run(t, binary, ['-c', edge.conf], { cwd });
    assert.equal(second.code, 234);
    assert.equal(existsSync(join(cwd, 'edge.pid')), false);
    assert.match(second.stderr, new RegExp(`cannot listen on 127.0.0.1:${edge.rtmpPort}: .*EADDRINUSE`));
    const [rtmp, http, api] = (await freePorts(3)) as [number, number, number];
    const holder = createServer().listen(api, '127.0.0.1');
    t.after(() => holder.close());
    assert.equal((await testConf(t, edgeConf({}, [rtmp, http, api]), [])).code, 234);
  });

  it('ends cleanly at SIGTERM, and never opens a debugger at SIGUSR1', async (t) => {
    const edge = await startEdge(t);
    assert.ok(existsSync(join(edge.dir, 'edge.pid')));
    for (const signal of ['SIGUSR1', 'SIGHUP'] as const) edge.process.kill(signal);
    await edge.process.printed(/reloaded/);
    assert.doesNotMatch(edge.process.output(), /Debugger/);
    const { code } = await edge.process.stop('SIGTERM');
    assert.equal(code, 0);
    assert.equal(existsSync(join(edge.dir, 'edge.pid')), false);
  });
});
