import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { processesWith } from '../support/processes.js';
import { connectClient, fakeBinary, startPod } from './pod-support/test-pod.js';

const engines = (dir: string) => [`relayed=${fakeBinary(dir, 'relay')}`];
const proc = (pid: number, name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
/** What `ps -f` shows. */
const title = (pid: number) => proc(pid, 'cmdline').replaceAll('\0', ' ').trim();
const slow = { deadlineMs: 30_000 };

describe('process titles', () => {
  it('can be read in full, of the pod, its relays and its built-in edges', async (t) => {
    const pod = await startPod(t, { engines, relays: 1 });
    const spawn = async (slot: number, engine: string) =>
      pod.command({ type: 'spawn', edge: await pod.edge(slot, { engine }) });
    await spawn(0, 'builtin');
    await spawn(1, 'relayed');
    const state = await eventually(
      async () => {
        const now = await pod.state();
        return now.edges.length === 2 && now.edges.every((edge) => edge.state === 'ready') && now;
      },
      { what: 'both are ready', ...slow },
    );
    const clients = await Promise.all([0, 1].map(() => connectClient(t, pod.rtmp)));
    assert.equal(clients.length, 2);
    const [builtin] = state.edges;
    const says = (pid: number, text: RegExp) =>
      eventually(() => text.test(title(pid)), { what: `${pid} says ${text}`, ...slow });
    await says(pod.process().pid, /^dolphin-pod: 2 edges, \d+ clients$/);
    await says(builtin?.pid ?? 0, /^dolphin-edge: stream-0, \d+ clients$/);
    const relay = processesWith(pod.runDir).find(({ command }) => command.startsWith('dolphin-relay'));
    await says(relay?.pid ?? 0, /^dolphin-relay: 1 clients$/);
    // The kernel's own name has 15 characters.
    assert.equal(proc(pod.process().pid, 'comm').trim(), 'dolphin-pod: 2');
  });
});
