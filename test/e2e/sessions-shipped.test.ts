import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { EndedSessionRow } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { TestFarm } from '../support/farm.js';
import { publishFile, startRecording } from '../support/media.js';

it('how clients ended is shown by dolphin-cli over two lives of a pod, also when their host is gone', async (t) => {
  const farm = await TestFarm.start(t, { edges: 2, redis: false });
  const ended = async (...filters: string[]) => {
    const { stdout, stderr } = await farm.cli('sessions', '--json', ...filters);
    assert.equal(stderr, '');
    return (JSON.parse(stdout) as { sessions: EndedSessionRow[] }).sessions;
  };
  const shipped = (count: number) =>
    eventually(
      async () => {
        const rows = await ended();
        return rows.length >= count && rows;
      },
      { what: `${count} ended sessions are shown` },
    );
  publishFile(t, farm.originUrl, { loop: true });
  const { code, stderr } = await startRecording(t, farm.rtmpUrl, { seconds: 1 }).done;
  assert.equal(code, 0, stderr);
  await shipped(1);

  const first = await farm.podState();
  process.kill(first.pid, 'SIGKILL');
  await eventually(async () => (await farm.podState()).pid !== first.pid, { what: 'the pod has another life' });
  await farm.ready(2);
  await startRecording(t, farm.flvUrl, { seconds: 1 }).done;
  const rows = await shipped(2);
  assert.deepEqual(
    rows.map(({ host, n, protocol, address, stream, use, end }) => [host, n, protocol, address, stream, use, end]),
    [
      ['h1', 1, 'rtmp', '127.0.0.1', '/live/livestream', 'play', 'client-left'],
      ['h1', 2, 'http', '127.0.0.1', '/live/livestream', 'play', 'client-left'],
    ],
  );
  const lives = rows.map(({ id }) => id.split('-')[0]);
  assert.notEqual(lives[0], lives[1], 'ids tell the lives apart');
  assert.ok(rows.every(({ sentBytes }) => (sentBytes ?? 0) > 10_000));

  await farm.worker.stop('SIGKILL');
  assert.deepEqual(await ended('--stream', '/live/livestream', '--address', '127.0.0.0/8'), rows);
  assert.deepEqual(await ended('--end', 'kicked'), []);
  const { stdout } = await farm.cli('sessions', '--host', 'h1');
  const lines = stdout.trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^ENDED {5}HOST {2}EDGE {6}ADDRESS/);
  assert.match(
    lines.at(-1) ?? '',
    /^\d\d:\d\d:\d\d {2}h1 {4}stream-[01] {2}127\.0\.0\.1 {2}\/live\/livestream {2}play .*client-left$/,
  );
  assert.ok(lines.every((line) => line.length <= 80));
});
