import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { fromRoot } from '../support/paths.js';
import { isAlive, run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { connectClient, fakeBinary, startPod } from './pod-support/test-pod.js';

const engines = (dir: string) => [`fake=${fakeBinary(dir)}`];
const proc = (pid: number, name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8');

describe('what an edge may have of its host', () => {
  it('is as it was configured: open files, and processors by slot', async (t) => {
    const allowed = /Cpus_allowed_list:\t(\d+)(?:[-,](\d+))?/.exec(readFileSync('/proc/self/status', 'utf8'));
    const cpus = allowed?.slice(1).flatMap((cpu) => (cpu === undefined ? [] : [Number(cpu)])) ?? [];
    const env = {
      DOLPHIN_POD_SUPERVISE__OPEN_FILES: '3333',
      DOLPHIN_POD_SUPERVISE__CPUS: JSON.stringify(cpus),
    };
    const pod = await startPod(t, { engines, env });
    await pod.spawn(3, 'fake');
    const { edges } = await pod.state();
    for (const { pid, slot } of edges) {
      assert.match(proc(pid ?? 0, 'limits'), /^Max open files +3333 +3333 /m);
      assert.equal(/Cpus_allowed_list:\t(.*)/.exec(proc(pid ?? 0, 'status'))?.[1], String(cpus[slot % cpus.length]));
    }
    // The pod itself is not confined, hands off as before, and takes its edges along.
    assert.doesNotMatch(proc(pod.process().pid, 'limits'), /^Max open files +3333 /m);
    assert.equal((await (await connectClient(t, pod.rtmp)).served()).how, 'hand-off');
    process.kill(edges[1]?.pid ?? 0, 'SIGSTOP');
    await pod.process().stop('SIGKILL');
    await eventually(() => edges.every(({ pid }) => !isAlive(pid ?? 0)), { what: 'all edges are dead' });
  });

  it('is refused with its reason when it cannot be', async (t) => {
    const dir = await tempDir(t);
    const args = ['--run-dir', join(dir, 'run'), '--host', 'h1', '--rtmp', '1', '--http', '2'];
    const start = (env: NodeJS.ProcessEnv) =>
      run(t, process.execPath, [fromRoot('bin/dolphin-pod'), ...args], { env: { ...process.env, ...env } });
    const noCpu = await start({ DOLPHIN_POD_SUPERVISE__CPUS: '[1023]' });
    assert.equal(noCpu.code, 78);
    assert.match(noCpu.stderr, /supervise\.cpus: .*(1023|affinity)/);
    const noTool = await start({ DOLPHIN_POD_SUPERVISE__OPEN_FILES: '1000', PATH: dir });
    assert.equal(noTool.code, 78);
    assert.match(noTool.stderr, /supervise\.openFiles: there is no prlimit here/);
    const tooShort = await start({ DOLPHIN_POD_SUPERVISE__FREEZE_AFTER_MS: '100' });
    assert.equal(tooShort.code, 78);
    assert.match(tooShort.stderr, /supervise\.freezeAfterMs: is 0 \(off\) or at least 3000/);
  });
});
