import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { it } from 'node:test';
import { startEdge, streamIsLive, type TestEdge } from '../../integration/edge-support/edge.js';
import { eventually } from '../../support/eventually.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../../support/media.js';
import type { EdgeUnderTest } from './edge-under-test.js';

export interface ReloadReport {
  err: number;
  msg: string;
  state: number;
  rid: string;
  kept?: string[];
}

/** `raw?rpc=…` of its API. */
export async function rawCall(edge: TestEdge, rpc: string): Promise<{ code: number; data?: ReloadReport }> {
  return (await (await fetch(`${edge.apiBase}/api/v1/raw?rpc=${rpc}`)).json()) as { code: number; data?: ReloadReport };
}

/** Writes the conf, has it reloaded by signal or by its API, and waits for the report. */
export async function reloadWith(
  edge: TestEdge,
  conf: string | null,
  by: 'signal' | 'api' = 'signal',
): Promise<ReloadReport> {
  const before = (await rawCall(edge, 'reload-fetch')).data?.rid;
  if (conf !== null) await writeFile(edge.conf, conf);
  if (by === 'signal') edge.process.kill('SIGHUP');
  else assert.deepEqual(await rawCall(edge, 'reload'), { code: 0 });
  return await eventually(
    async () => {
      const { data } = await rawCall(edge, 'reload-fetch');
      // SRS has the new rid before it is through.
      const isOver = data !== undefined && data.rid !== before && data.state !== 0;
      return isOver ? data : null;
    },
    { what: 'the reload is reported' },
  );
}

/** What a reload does, and does not do, to those who are there. */
export function reloadContract(edge: EdgeUnderTest): void {
  it('takes new origins for new pulls, leaves all as it was with a bad conf, and cuts nobody', async (t) => {
    const source = await sourcePackets(t);
    const [one, two] = await Promise.all([startEdge(t), startEdge(t)]);
    publishFile(t, one.rtmp('first'), { loop: true });
    publishFile(t, two.rtmp('second'), { loop: true });
    await Promise.all([streamIsLive(one, 'first'), streamIsLive(two, 'second')]);
    const server = await startEdge(t, {
      origins: [one.address],
      ...(edge.binary !== undefined && { binary: edge.binary }),
    });
    const good = await readFile(server.conf, 'utf8');
    const stays = startRecording(t, server.rtmp('first'), { seconds: 20 });
    await eventually(() => stays.soFar().video.length > 0, { what: 'it plays' });

    const fresh = (await rawCall(server, 'reload-fetch')).data;
    assert.deepEqual([fresh?.err, fresh?.msg, fresh?.state], [0, 'Success', 0]);
    const bad = await reloadWith(server, `${good}\nvhost broken {`);
    assert.deepEqual([bad.err, bad.state], [1023, 10]);
    const tooMany = await reloadWith(server, good.replace(/max_connections \d+/, 'max_connections 100000000'), 'api');
    assert.deepEqual([tooMany.err, tooMany.state], [1023, 20]);
    await rename(server.conf, `${server.conf}.away`);
    const missing = await reloadWith(server, null);
    assert.deepEqual([missing.err, missing.state], [1042, 10]);

    const moved = await reloadWith(server, good.replace(one.address, two.address), 'api');
    assert.deepEqual([moved.err, moved.msg, moved.state], [0, 'Success', 90]);
    const follows = startRecording(t, server.rtmp('second'), { seconds: 5 });
    assertContiguousRun(await follows.done, source, { minSeconds: 4, what: 'the new pull' });
    assertContiguousRun(await stays.done, source, { minSeconds: 15, what: 'the player that was there' });
  });

  it('lets a vhost come and go, and never cuts who is in it', async (t) => {
    const server = await startEdge(t, edge.binary === undefined ? {} : { binary: edge.binary });
    const good = await readFile(server.conf, 'utf8');
    const remux = 'http_remux { enabled on; mount [vhost]/[app]/[stream].flv; }';
    assert.equal((await reloadWith(server, `${good}\nvhost a.com { ${remux} }`)).state, 90);
    publishFile(t, `${server.rtmp('livestream')}?vhost=a.com`, { loop: true });
    const published = () => server.api.streams().then(({ streams }) => streams.filter(({ publish }) => publish.active));
    await eventually(async () => (await published())[0]?.url === 'a.com/live/livestream', {
      what: 'it is published there',
    });
    const player = startRecording(t, `${server.rtmp('livestream')}?vhost=a.com`, { seconds: 60 });
    await eventually(() => player.soFar().video.length > 0, { what: 'it plays' });

    assert.equal((await reloadWith(server, `${good}\nvhost a.com { enabled off; ${remux} }`)).state, 90);
    const { vhosts } = await server.api.vhosts();
    assert.equal(vhosts.find(({ name }) => name === 'a.com')?.enabled, false);
    assert.equal((await reloadWith(server, good)).state, 90);
    const had = player.soFar().video.length;
    await eventually(() => player.soFar().video.length > had + 100, { what: 'it plays on' });
    assert.equal((await published())[0]?.url, 'a.com/live/livestream');
  });
}
