import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { lookAtLastPod } from '@dolphin/launcher/up/last-pod.js';
import { type Places, placesIn } from '@dolphin/launcher/up/places.js';
import { PodState } from '@dolphin/protocol';
import { onCleanup, type TestScope } from '../support/cleanup.js';
import { startProcess, type TestProcess } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

const PORTS = { rtmp: 19350, http: 8088 };
const WANTED = { address: '127.0.0.1', ports: PORTS };
const NEVER = new AbortController().signal;

async function place(t: TestScope): Promise<Places> {
  const places = placesIn(await tempDir(t));
  await mkdir(places.worker, { recursive: true });
  return places;
}

/** A process that looks like the pod of `places`, and says nothing. */
async function silentPod(t: TestScope, places: Places): Promise<TestProcess> {
  const script = 'console.log("there"); setInterval(() => undefined, 1e6)';
  const pod = startProcess(t, process.execPath, ['-e', script, 'dolphin-pod'], { cwd: places.worker });
  await pod.printed(/there/, 30_000);
  return pod;
}

/** Answers on the control socket, from the `after`-th call on, as a pod with this pid and these ports. */
async function answering(t: TestScope, places: Places, pid: number, o: { after: number; rtmp: number }): Promise<void> {
  let calls = 0;
  const state = PodState.parse({
    ...{ pid, version: '0.1.0', host: 'h1', farmId: null, term: 0, rtmp: [o.rtmp], http: [PORTS.http] },
    address: WANTED.address,
    ...{ lastHappening: 0, uptimeMs: 1, clients: 0, refused: {}, edges: [] },
  });
  const server = createServer((_, response) => {
    // A call without an answer ends by the caller's own time-out, as with a pod that hangs.
    if (++calls >= o.after) response.end(JSON.stringify(state));
  });
  await new Promise<void>((resolve) => server.listen(places.podSocket, resolve));
  onCleanup(t, () => {
    server.closeAllConnections();
    server.close();
  });
}

test('without a pod there is nothing to wait for', async (t) => {
  const told: string[] = [];
  const tell = (text: string) => void told.push(text);
  assert.deepEqual(await lookAtLastPod(await place(t), WANTED, { tell, stop: NEVER }), { found: 'none' });
  assert.deepEqual(told, []);
});

test('a pod that is slow to answer is waited for, with a word about it, and kept', async (t) => {
  const places = await place(t);
  const pod = await silentPod(t, places);
  await answering(t, places, pod.pid, { after: 4, rtmp: PORTS.rtmp });
  const told: string[] = [];
  const o = { tell: (text: string) => void told.push(text), stop: NEVER, patienceMs: 60_000 };
  assert.deepEqual(await lookAtLastPod(places, WANTED, o), { found: 'kept', pid: pod.pid });
  assert.deepEqual(told, [`the pod of the last up, pid ${pod.pid}, does not answer yet; it gets 60 s`]);
});

test('a pod that never answers is not kept, and the reason is said', async (t) => {
  const places = await place(t);
  const pod = await silentPod(t, places);
  const o = { tell: () => undefined, stop: NEVER, patienceMs: 300 };
  assert.deepEqual(await lookAtLastPod(places, WANTED, o), {
    found: 'unfit',
    pid: pod.pid,
    why: 'no answer for 0.3 s',
  });
});

test('a pod on other ports is not kept, and both are named', async (t) => {
  const places = await place(t);
  await answering(t, places, process.pid, { after: 1, rtmp: 1936 });
  assert.deepEqual(await lookAtLastPod(places, WANTED, { tell: () => undefined, stop: NEVER }), {
    found: 'unfit',
    pid: process.pid,
    why: 'it serves 127.0.0.1, ports 1936, 8088, not 127.0.0.1, ports 19350, 8088',
  });
});

test('whoever stops up does not wait for a silent pod', async (t) => {
  const places = await place(t);
  const pod = await silentPod(t, places);
  const look = await lookAtLastPod(places, WANTED, { tell: () => undefined, stop: AbortSignal.abort() });
  assert.deepEqual(look, { found: 'unfit', pid: pod.pid, why: 'up was stopped before it answered' });
});
