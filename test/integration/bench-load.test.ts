import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fromRoot } from '../support/paths.js';
import { freePorts } from '../support/ports.js';
import { run, startProcess } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

const bench = (t: TestContext, ...args: string[]) =>
  run(t, process.execPath, [fromRoot('bench/dist/main.js'), ...args]);

/** An origin with the sample stream on it. */
async function liveOrigin(t: TestContext) {
  const dir = await tempDir(t);
  const [rtmp = 0, http = 0] = await freePorts(2);
  const conf = join(dir, 'origin.conf');
  await writeFile(
    conf,
    `listen 127.0.0.1:${rtmp}; daemon off; pid o.pid; srs_log_tank console;
     http_server { enabled on; listen 127.0.0.1:${http}; }
     vhost __defaultVhost__ { http_remux { enabled on; mount [vhost]/[app]/[stream].flv; } }`,
  );
  startProcess(t, fromRoot('bin/dolphin-edge'), ['-c', conf], { cwd: dir });
  const url = `rtmp://127.0.0.1:${rtmp}/live/livestream`;
  const publisher = startProcess(t, process.execPath, [
    fromRoot('services/launcher/dist/sample-publisher.js'),
    '--url',
    url,
  ]);
  // Not its "not publishing, trying again": it may be there before the server is.
  await publisher.printed(/"publishing"/);
  return { url, flv: `http://127.0.0.1:${http}/live/livestream.flv`, publisher };
}

describe('bench load', () => {
  it('counts what players get, over RTMP and over HTTP-FLV', async (t) => {
    const origin = await liveOrigin(t);
    // Six seconds: one of them without a packet, or with what was late before, is still near the stream's rate.
    const runs = await Promise.all([
      bench(t, 'load', 'rtmp', '--url', origin.url, '--players', '20', '--seconds', '6', '--json'),
      bench(t, 'load', 'flv', '--url', origin.flv, '--players', '20', '--seconds', '6', '--json'),
    ]);
    for (const { code, stdout, stderr } of runs) {
      assert.equal(code, 0, stderr);
      const result = JSON.parse(stdout) as { players: number; starving: number; kbps: { min: number; max: number } };
      assert.deepEqual([result.players, result.starving], [20, 0]);
      assert.ok(result.kbps.min > 350 && result.kbps.max < 700, stdout);
    }
  });

  it('says that players starved when the stream stops under them, by its exit code, too', async (t) => {
    const origin = await liveOrigin(t);
    const load = startProcess(t, process.execPath, [
      fromRoot('bench/dist/main.js'),
      // So long that a stream which stops late, on a busy machine, still leaves most of the window empty.
      ...['load', 'rtmp', '--url', origin.url, '--players', '5', '--seconds', '4'],
    ]);
    // They settle for two seconds before the window opens.
    await load.printed(/all play/);
    await origin.publisher.stop('SIGKILL');
    assert.equal((await load.ends()).code, 1);
    assert.match(load.stdout(), /5 players STARVED/);
  });

  it('fails with the reason when nobody serves the stream', async (t) => {
    const [port] = await freePorts(1);
    const { code, stderr } = await bench(t, 'load', 'rtmp', '--url', `rtmp://127.0.0.1:${port}/live/a`);
    assert.equal(code, 69);
    assert.match(stderr, /a player could not play: .*ECONNREFUSED/);
  });
});

describe('bench', () => {
  for (const args of [
    [],
    ['fly'],
    ['edge', '--players', '0'],
    ['edge', '--bogus'],
    ['edge', '--scenario', 'dance'],
    ['edge', '--program', 'apache'],
    ['load', 'rtmp'],
    ['load', 'hls'],
  ]) {
    it(`answers "${args.join(' ')}" with its usage and exit code 64`, async (t) => {
      const { code, stdout, stderr } = await bench(t, ...args);
      assert.equal(code, 64);
      assert.equal(stdout, '');
      assert.match(stderr, /^.+\n\nusage: \.\/dolphin bench edge/);
    });
  }
});
