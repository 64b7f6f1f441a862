import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadPodConfig } from '@dolphin/pod/config.js';
import { fromRoot } from '../support/paths.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

describe("the pod's configuration", () => {
  it('is shipped with the defaults, each of them', () => {
    assert.deepEqual(loadPodConfig(fromRoot('conf/pod.yaml'), {}), loadPodConfig(undefined, {}));
  });

  it('yields to the environment', () => {
    const { restarts } = loadPodConfig(undefined, { DOLPHIN_POD_RESTARTS__MAX_ATTEMPTS: '3' });
    assert.equal(restarts.maxAttempts, 3);
  });

  it('that is wrong is refused with file, line and field, exit code 78', async (t) => {
    const dir = await tempDir(t);
    const file = join(dir, 'pod.yaml');
    await writeFile(file, 'restarts:\n  maxAttempts: 0\n');
    const args = ['--run-dir', join(dir, 'run'), '--host', 'h1', '--config', file];
    const { code, stderr } = await run(t, fromRoot('bin/dolphin-pod'), args);
    assert.equal(code, 78);
    assert.match(stderr, /pod\.yaml:2: restarts\.maxAttempts: /);
  });

  it("whose spare ports are the pod's own is refused with file, line, field and port", async (t) => {
    const dir = await tempDir(t);
    const file = join(dir, 'pod.yaml');
    await writeFile(file, 'sparePorts:\n  rtmp: 2900\n  http: 18900\n  api: 32900\n  count: 2\n');
    const { code, stderr } = await run(t, fromRoot('bin/dolphin-pod'), [
      ...['--run-dir', join(dir, 'run'), '--host', 'h1', '--config', file],
      ...['--rtmp', '2901', '--http', '8088', '--conf', file],
    ]);
    assert.equal(code, 78, stderr);
    assert.match(stderr, /pod\.yaml:2: sparePorts\.rtmp: port 2901 is a public RTMP port/);
    const env = { DOLPHIN_POD_METRICS__LISTEN: '127.0.0.1:32901' };
    assert.throws(
      () => loadPodConfig(file, env),
      /pod\.yaml:4: sparePorts\.api: port 32901 is that of metrics\.listen/,
    );
    assert.equal(loadPodConfig(file, {}, [{ port: 2902, by: 'above' }]).sparePorts?.rtmp, 2900);
  });
});
