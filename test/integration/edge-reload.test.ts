import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { rawCall, reloadWith } from '../contracts/edge/reload.js';
import { eventually } from '../support/eventually.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { clientsOf, startEdge, streamIsLive } from './edge-support/edge.js';

/** What SRS does not do, or does otherwise: it ends at another `listen` and at another mode of a vhost. */
describe('a reload of the built-in edge', { concurrency: true }, () => {
  it('keeps its ports, refuses another mode, and gives each stream the chunk size that it began with', async (t) => {
    const source = await sourcePackets(t);
    const edge = await startEdge(t);
    const good = await readFile(edge.conf, 'utf8');
    publishFile(t, edge.rtmp('before'), { loop: true });
    await streamIsLive(edge, 'before');
    const stays = startRecording(t, edge.rtmp('before'), { seconds: 12 });
    await eventually(() => stays.soFar().video.length > 0, { what: 'it plays' });

    const changed = good.replace(`:${edge.rtmpPort};`, ':1;').replace('max_connections 500', 'max_connections 4');
    const kept = await reloadWith(edge, `${changed}\nchunk_size 4096;`);
    assert.deepEqual([kept.err, kept.state, kept.kept], [0, 90, ['listen']]);
    const mode = await reloadWith(edge, good.replace('play {', 'cluster { mode remote; origin 127.0.0.1:1; } play {'));
    assert.deepEqual([mode.err, mode.state], [2023, 30]);

    // Each player hears at connect of the new size; the first one's stream has the old one.
    publishFile(t, edge.rtmp('after'), { loop: true });
    await streamIsLive(edge, 'after');
    const old = startRecording(t, edge.rtmp('before'), { seconds: 5 });
    assertContiguousRun(await old.done, source, { minSeconds: 4, what: 'a new player of an old stream' });
    const fresh = startRecording(t, edge.rtmp('after'), { seconds: 5 });
    assertContiguousRun(await fresh.done, source, { minSeconds: 4, what: 'a new player of a new stream' });
    assertContiguousRun(await stays.done, source, { minSeconds: 8, what: 'the player that was there' });

    await eventually(async () => (await clientsOf(edge)).length === 2, { what: 'all players are gone' });
    // Four connections are the limit now: the two publishers, and two more.
    const players = [1, 2, 3].map(() => startRecording(t, edge.flv('before'), { seconds: 60 }));
    await eventually(async () => (await clientsOf(edge)).length === 4, { what: 'it is full' });
    await eventually(() => players.filter(({ process }) => process.child.exitCode !== null).length === 1, {
      what: 'one was refused',
    });
  });

  it('is not for everybody who reaches the API: the conf says who may, also the one that was reloaded', async (t) => {
    const edge = await startEdge(t);
    const good = await readFile(edge.conf, 'utf8');
    assert.equal((await reloadWith(edge, good.replace('allow_reload on', 'allow_reload off'), 'api')).state, 90);
    assert.deepEqual(await rawCall(edge, 'reload'), { code: 1061 });
    assert.equal((await reloadWith(edge, good)).state, 90);
    assert.deepEqual(await rawCall(edge, 'reload'), { code: 0 });
  });
});
