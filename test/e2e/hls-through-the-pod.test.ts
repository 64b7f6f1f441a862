import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onCleanup } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { get, ownPlaylist, readPlaylist } from '../support/hls.js';
import { fromRoot } from '../support/paths.js';
import { freePortRange } from '../support/ports.js';
import { run, startProcess } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

const dolphin = fromRoot('dolphin');
/** Of the port block: the public HTTP port, the global API, and how many there are up to the http edge's last. */
const [HTTP, API, PORTS] = [1, 4, 99];

interface Edge {
  readonly role: string;
  readonly state: string;
  readonly pid: number | null;
}

test('up --hls: ffmpeg plays HLS at the public HTTP port, also after the http edge was killed', async (t) => {
  const dir = await tempDir(t);
  const base = await freePortRange(PORTS);
  onCleanup(t, async () => {
    await run(t, dolphin, ['down', '--dir', dir]);
  });
  const args = ['up', '--dir', dir, '--port-base', String(base), '--edges', '1', '--hls', '--no-redis'];
  const up = startProcess(t, dolphin, args, { detached: true });
  const ended = up.exited.then(() => Promise.reject(new Error(`up ended:\n${up.output()}`)));
  await Promise.race([up.printed(/Ctrl-C stops all of it/), ended]);
  ended.catch(() => undefined);
  const url = `http://127.0.0.1:${base + HTTP}/live/livestream.m3u8`;
  assert.match(up.output(), /1 stream edges, 1 back source, 1 http edge/);
  assert.ok(up.output().includes(`ffplay ${url}`), 'its address is printed');

  const httpEdge = async () => {
    const { edges } = (await (await get(`http://127.0.0.1:${base + API}/api/v1/edges`)).json()) as { edges: Edge[] };
    return edges.find(({ role, state }) => role === 'http' && state === 'ready');
  };
  const plays = async () => {
    await eventually(async () => (await get(url)).status === 200, { what: 'there is a segment' });
    const { stderr } = await run(t, 'ffmpeg', ['-v', 'error', '-stats', '-i', url, '-t', '3', '-f', 'null', '-']);
    const frames = Number(/frame= *(\d+)[^\r\n]*\s*$/.exec(stderr)?.[1]);
    assert.ok(frames >= 30, `${frames} frames of three seconds: ${stderr}`);
  };
  await plays();
  const { segments } = await readPlaylist(await ownPlaylist(url));
  assert.ok(new URL(segments[0]?.url ?? '').port === String(base + HTTP), 'segments come by the same port');

  const killed = (await httpEdge())?.pid;
  assert.ok(killed);
  process.kill(killed, 'SIGKILL');
  await eventually(async () => ((await httpEdge())?.pid ?? killed) !== killed, { what: 'another one is ready' });
  await plays();
  const flv = await get(url.replace('.m3u8', '.flv'));
  assert.equal(
    flv.headers.get('content-type'),
    'video/x-flv',
    'FLV is served as well, on a connection that HLS was asked for on',
  );
  await flv.body?.cancel();
});
