import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { fromRoot } from '../support/paths.js';
import { processesWith } from '../support/processes.js';
import { endedOf, sessionsOf } from './pod-support/sessions.js';
import { startPod, type TestPod } from './pod-support/test-pod.js';

const CYCLES = 10_000;
const AT_ONCE = 100;
/** Before the first look: what a process loads with its first clients is no leak. */
const WARM_UP = 500;
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;

const openFiles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
const rssBytes = (pid: number) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
const c0c1 = Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]);
const request = 'GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n';

/** Comes, hears a first byte, goes: by end or by reset. Some go without a word. */
async function cycle(pod: TestPod, index: number): Promise<void> {
  const isHttp = index % 2 === 0;
  const socket = connect({ port: isHttp ? pod.http : pod.rtmp, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  await Promise.race([once(socket, 'connect'), closed]);
  if (index % 10 !== 0) {
    socket.write(isHttp ? request : c0c1);
    await Promise.race([once(socket, 'data'), closed]);
  }
  if (index % 3 === 0) socket.resetAndDestroy();
  else socket.destroy();
  await closed;
}

async function cycles(pod: TestPod, count: number): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => cycle(pod, from + i)));
  }
  await eventually(async () => (await sessionsOf(pod)).total === 0, { what: 'all have left', deadlineMs: 30_000 });
}

describe('10,000 clients that come and go', () => {
  for (const mode of ['auto', 'relay']) {
    it(`leave nothing behind ${mode === 'auto' ? 'by hand-off' : 'by relay'}`, async (t) => {
      const engine = `builtin=${fromRoot('bin/dolphin-edge')}`;
      const pod = await startPod(t, { engines: () => [engine], mode, relays: 1 });
      await pod.command({ type: 'spawn', edge: await pod.edge(0, { engine: 'builtin' }) });
      const edge = await eventually(async () => (await pod.state()).edges.find(({ state }) => state === 'ready'), {
        what: 'it is ready',
        deadlineMs: 30_000,
      });
      const relays = processesWith(pod.runDir).filter(({ command }) => command.startsWith('dolphin-relay'));
      assert.equal(relays.length, mode === 'auto' ? 0 : 1);
      const pids = [pod.process().pid, edge.pid ?? 0, ...relays.map(({ pid }) => pid)];
      await cycles(pod, WARM_UP);
      const files = pids.map(openFiles);
      const memory = pids.map(rssBytes);
      await cycles(pod, CYCLES);
      await eventually(() => pids.every((pid, i) => openFiles(pid) <= (files[i] ?? 0)), {
        what: 'all descriptors are back',
      });
      // Garbage stays until somebody collects it, which V8 does when nothing else is to be done; a leak stays then, too.
      await eventually(() => pids.every((pid, i) => rssBytes(pid) - (memory[i] ?? 0) < MAX_GROWTH_BYTES), {
        what: 'no process has grown by more than garbage',
      });
      const state = await pod.state();
      assert.deepEqual([state.clients, state.edges[0]?.clients, state.refused], [0, 0, {}]);
      await eventually(async () => (await endedOf(pod)).newest === WARM_UP + CYCLES, {
        what: 'each end is written down',
      });
      assert.equal((await pod.state()).edges[0]?.pid, edge.pid, 'nothing had to be started again');
    });
  }
});
