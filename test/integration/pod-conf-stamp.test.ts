import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../support/eventually.js';
import { fakeBinary, startPod } from './pod-support/test-pod.js';

/** A server that notes each test of a conf in `tests`; `more`: a line that makes it another file. */
function notingBinary(dir: string, more = ''): string {
  const path = join(dir, 'noting');
  const note = `[ "$1" != -t ] || echo tested >>${dir}/tests`;
  writeFileSync(path, `#!/bin/sh\n${note}\n${more}\nexec ${fakeBinary(dir)} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A pod with one edge, whose conf includes a file of the user. */
async function setUp(t: TestContext) {
  const pod = await startPod(t, {
    engines: (dir) => {
      writeFileSync(join(dir, 'more.conf'), 'max_connections 100;\n');
      return [`noting=${notingBinary(dir)}`];
    },
    config: 'supervise: {}\n',
  });
  writeFileSync(join(pod.dir, 'dolphin.conf'), `include ${join(pod.dir, 'more.conf')};\nvhost __defaultVhost__ { }\n`);
  await pod.spawn(1, 'noting');
  const tests = () => readFileSync(join(pod.dir, 'tests'), 'utf8').split('\n').length - 1;
  const startAgain = async () => {
    await pod.process().stop();
    await pod.start();
    await eventually(async () => (await pod.state()).edges[0]?.state === 'ready', { what: 'it is ready again' });
  };
  const stamp = join(pod.runDir, 'edges', 'stream-0', 'edge.conf.tested');
  return { pod, tests, startAgain, stamp };
}

describe('the conf of an edge', () => {
  it('is tested once, and again when anything is different that its test rests on', async (t) => {
    const { pod, tests, startAgain } = await setUp(t);
    assert.equal(tests(), 1);
    await startAgain();
    assert.equal(tests(), 1, 'nothing has changed');
    writeFileSync(join(pod.dir, 'more.conf'), 'max_connections 200;\n');
    await startAgain();
    assert.equal(tests(), 2, 'an included file has changed');
    notingBinary(pod.dir, '# another build');
    await startAgain();
    assert.equal(tests(), 3, 'another program lies at its path');
    writeFileSync(join(pod.dir, 'pod.yaml'), 'supervise: { openFiles: 2000 }\n');
    await startAgain();
    assert.equal(tests(), 4, 'it may open fewer files');
    await startAgain();
    assert.equal(tests(), 4);
  });

  it('is tested again when its stamp is not to be read, or is another one, and starts all the same', async (t) => {
    const { pod, tests, startAgain, stamp } = await setUp(t);
    appendFileSync(stamp, 'x');
    await startAgain();
    assert.equal(tests(), 2);
    rmSync(stamp);
    mkdirSync(stamp);
    await startAgain();
    assert.equal(tests(), 3);
    await pod.process().printed(/a tested conf cannot be noted/);
  });

  it('that was refused is tested again, though nothing has changed', async (t) => {
    const { pod, tests, stamp } = await setUp(t);
    rmSync(stamp);
    appendFileSync(join(pod.dir, 'more.conf'), 'refuse_me on;\n');
    await pod.process().stop();
    await pod.start();
    await eventually(() => tests() >= 3, { what: 'it was tested twice more' });
    assert.ok(!existsSync(stamp));
    const failed = (await pod.facts()).find((fact) => fact.type === 'edge-start-failed');
    assert.match(failed?.type === 'edge-start-failed' ? failed.message : '', /is refused: refuse_me/);
  });
});
