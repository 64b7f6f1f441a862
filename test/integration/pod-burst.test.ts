import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { it } from 'node:test';
import { MAX_QUEUED_HAND_OFFS } from '@dolphin/pod/app/hand-off-queue.js';
import { eventually } from '../support/eventually.js';
import { connectServed, fakeBinary, startPod } from './pod-support/test-pod.js';

/**
 * More than wait before one edge: the last of them wait outside until half of its queue is gone, which at 300 a second
 * takes longer than anybody waits before whom nothing moves.
 */
const CROWD = MAX_QUEUED_HAND_OFFS + 300;

it('a burst of more than a queue holds is served to the last, each in its turn, also by a slow edge', async (t) => {
  const pod = await startPod(t, {
    engines: (dir) => [`slow=${fakeBinary(dir, 'slow')}`],
    conf: `max_connections ${CROWD * 2};\nvhost __defaultVhost__ { }\n`,
  });
  await pod.spawn(1, 'slow');
  (await connectServed(t, pod.rtmp)).socket.destroy();
  const { refused: before } = await pod.state();
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  const counts = { served: 0, closed: 0 };
  for (let i = 0; i < CROWD; i++) {
    const socket = connect({ port: pod.rtmp, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    socket.once('data', () => {
      counts.served += 1;
    });
    socket.once('close', () => {
      counts.closed += 1;
    });
    sockets.push(socket);
  }
  await eventually(() => counts.served + counts.closed >= CROWD, { what: 'all have their turn', deadlineMs: 60_000 });
  const { refused } = await pod.state();
  // Of an edge that stands still for a second one client is given up, and no other.
  const lost = (refused['hand-off-lost'] ?? 0) - (before['hand-off-lost'] ?? 0);
  assert.deepEqual({ ...refused, 'hand-off-lost': 0 }, { ...before, 'hand-off-lost': 0 });
  // That client may be served all the same, when the edge goes on.
  assert.ok(counts.served >= CROWD - lost, `${counts.served} of ${CROWD} are served, ${lost} are lost`);
});
