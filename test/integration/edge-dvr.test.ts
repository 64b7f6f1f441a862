import assert from 'node:assert/strict';
import { mkdir, readdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { recordingsIn } from '../contracts/edge/dvr.js';
import { eventually } from '../support/eventually.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { startEdge, streamIsLive } from './edge-support/edge.js';
import { publishRaw } from './edge-support/raw-publisher.js';

async function startRecorder(t: TestContext, into?: string) {
  const dir = into ?? (await tempDir(t));
  const edge = await startEdge(t, {
    vhost: `dvr { enabled on; dvr_path ${dir}/[stream].flv; }`,
    play: 'queue_length 5;',
  });
  const sizeOf = async (name: string) => (await stat(join(dir, name))).size;
  return { dir, edge, sizeOf };
}

describe('a recording of the edge', { concurrency: true }, () => {
  it('plays to its last second after kill -9, also when the next one has its name, and gets its name at SIGTERM', async (t) => {
    const source = await sourcePackets(t);
    const [killed, stopped] = [await startRecorder(t), await startRecorder(t)];
    for (const { edge } of [killed, stopped]) publishFile(t, edge.rtmp('s'));
    for (const { sizeOf } of [killed, stopped]) {
      await eventually(async () => (await sizeOf('s.flv.tmp')) > 200_000, { what: 'some seconds are recorded' });
    }
    await killed.edge.process.stop('SIGKILL');
    assert.deepEqual(await readdir(killed.dir), ['s.flv.tmp']);
    const rest = await sourcePackets(t, join(killed.dir, 's.flv.tmp'));
    assert.equal(assertContiguousRun(rest, source, { minSeconds: 2 }).videoStart, 0);
    const next = await startRecorder(t, killed.dir);
    publishFile(t, next.edge.rtmp('s'));
    const kept = await eventually(
      async () => (await readdir(killed.dir)).find((name) => /^s\.flv\.\d+\.tmp$/.test(name)),
      { what: 'the rest has a name of its own' },
    );
    await eventually(async () => (await next.sizeOf('s.flv.tmp')) > 50_000, { what: 'the next one is recorded' });
    assert.deepEqual(await sourcePackets(t, join(killed.dir, kept)), rest, 'and the rest is not written over');
    await stopped.edge.process.stop('SIGTERM');
    assert.deepEqual(await recordingsIn(stopped.dir), ['s.flv']);
    const whole = await sourcePackets(t, join(stopped.dir, 's.flv'));
    assert.equal(assertContiguousRun(whole, source, { minSeconds: 2 }).videoStart, 0);
  });

  it('is lost on a full disk, and nothing else is', async (t) => {
    const source = await sourcePackets(t);
    const { dir, edge } = await startRecorder(t);
    await symlink('/dev/full', join(dir, 'full.flv.tmp'));
    await mkdir(join(dir, 'taken.flv'));
    for (const stream of ['full', 'taken', 'good']) publishFile(t, edge.rtmp(stream));
    await streamIsLive(edge, 'full');
    const received = await startRecording(t, edge.flv('full'), { seconds: 3 }).done;
    assertContiguousRun(received, source, { minSeconds: 2 });
    const lost = (words: string) => eventually(() => edge.process.output().includes(words), { what: words });
    await lost('ENOSPC');
    await lost('there is a file of that name');
    await edge.process.stop('SIGTERM');
    assert.deepEqual((await readdir(dir)).sort(), ['full.flv.tmp', 'good.flv', 'taken.flv']);
  });

  it('is lost on a disk that stands still, which holds up no other and costs bounded memory', async (t) => {
    const { dir, edge, sizeOf } = await startRecorder(t);
    // Nobody reads it: to open it takes for ever.
    await run(t, 'mkfifo', [join(dir, 'stuck.flv.tmp')]);
    const publisher = await publishRaw(t, edge.rtmp('stuck'), { frameBytes: 400_000 });
    await eventually(() => edge.process.output().includes('the disk is slower than the stream'), {
      what: 'it is lost',
    });
    const before = publisher.frames();
    publishFile(t, edge.rtmp('good'));
    await eventually(async () => (await sizeOf('good.flv.tmp')) > 50_000, { what: 'another one is recorded' });
    await eventually(() => publisher.frames() > before + 50, { what: 'its publisher goes on' });
    // Node itself would wait for the disk.
    edge.process.kill('SIGTERM');
    await edge.process.exited;
  });
});
