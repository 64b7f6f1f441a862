import assert from 'node:assert/strict';
import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { fakeBinary, startPod } from './pod-support/test-pod.js';

describe('an engine of a bad version', () => {
  it('is warned of once, in the log and in the state, until another lies at its path', async (t) => {
    const version = (dir: string, text: string) => {
      const path = join(dir, 'srs');
      writeFileSync(`${path}.new`, `#!/bin/sh\n[ "$1" = -v ] && echo ${text} && exit\nexec ${fakeBinary(dir)} "$@"\n`);
      chmodSync(`${path}.new`, 0o755);
      renameSync(`${path}.new`, path);
      return path;
    };
    const pod = await startPod(t, { engines: (dir) => [`srs=${version(dir, '6.0.155')}`] });
    await pod.spawn(2, 'srs');
    const { warnings } = await pod.state();
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /^engine srs: SRS 6\.0\.155 as an edge: .*ossrs\/srs#4511/);
    assert.equal(
      pod
        .process()
        .output()
        .match(/ossrs\/srs#4511/g)?.length,
      1,
    );
    version(pod.dir, '5.0.216');
    process.kill((await pod.state()).edges[0]?.pid ?? 0, 'SIGKILL');
    await eventually(async () => (await pod.state()).warnings.length === 0, {
      what: 'it was asked again',
      deadlineMs: 30_000,
    });
  });
});
