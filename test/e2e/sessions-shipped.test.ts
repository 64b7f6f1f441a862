import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { EndedSessionRow, LiveSession } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { CLI_POLL_MS, TestFarm } from '../support/farm.js';
import { publishFile, startRecording } from '../support/media.js';

it('dolphin-cli shows who is there, closes one, and says how clients ended over two lives of a pod, also without their host', async (t) => {
  const farm = await TestFarm.start(t, { edges: 1, redis: false });
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
      { what: `${count} ended sessions are shown`, pollMs: CLI_POLL_MS },
    );
  publishFile(t, farm.originUrl, { loop: true });
  const { code, stderr } = await startRecording(t, farm.rtmpUrl, { seconds: 1 }).done;
  assert.equal(code, 0, stderr);
  await shipped(1);

  const first = await farm.podState();
  process.kill(first.pid, 'SIGKILL');
  await eventually(async () => (await farm.podState()).pid !== first.pid, { what: 'the pod has another life' });
  await farm.ready(1);
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

  startRecording(t, farm.flvUrl, { seconds: 60 });
  const there = await eventually(
    async () => {
      const { stdout, stderr } = await farm.cli('clients', '--json', '--address', '127.0.0.0/8');
      assert.equal(stderr, '');
      const [one, ...more] = (JSON.parse(stdout) as { clients: LiveSession[] }).clients;
      return one?.stream && one.sentBytes ? { ...one, more: more.length } : null;
    },
    { what: 'a player is there', pollMs: CLI_POLL_MS },
  );
  const { host, protocol, edge, stream, use, more } = there;
  assert.match(edge ?? '', /^stream-[01]$/);
  assert.deepEqual([host, protocol, stream, use, more], ['h1', 'http', '/live/livestream', 'play', 0]);
  // A host that answers too late on a busy machine may have closed it all the same: then nobody has it any more.
  const kick = await eventually(
    async () => {
      const { code, stdout } = await farm.cli('kick', there.id, '--why', 'a test');
      return code === 0 || code === 66 ? { code, stdout } : null;
    },
    { what: 'it is kicked', pollMs: CLI_POLL_MS },
  );
  if (kick.code === 0) assert.equal(kick.stdout, `kick of ${there.id}: it is being closed on h1\n`);
  const all = await shipped(3);
  assert.deepEqual([all[2]?.id, all[2]?.end], [there.id, 'kicked']);

  await farm.worker.stop('SIGKILL');
  assert.deepEqual(await ended('--stream', '/live/livestream', '--address', '127.0.0.0/8'), all);
  assert.deepEqual(await ended('--end', 'kicked'), all.slice(2));
  const { stdout } = await farm.cli('sessions', '--host', 'h1');
  const lines = stdout.trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^ENDED {5}HOST {2}EDGE {6}ADDRESS/);
  assert.match(
    lines.at(-1) ?? '',
    /^\d\d:\d\d:\d\d {2}h1 {4}stream-[01] {2}127\.0\.0\.1 {2}\/live\/livestream {2}play .*kicked$/,
  );
  assert.ok(lines.every((line) => line.length <= 80));
});
