import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HandOffQueue, MAX_QUEUED_HAND_OFFS, TOOK_GRACE_MS, TOOK_WITHIN_MS } from '@dolphin/pod/app/hand-off-queue.js';
import type { Client } from '@dolphin/pod/app/ports.js';

function setUp() {
  let now = 0;
  const timers = new Set<{ at: number; fn: () => void }>();
  const seen = { sent: [] as number[], returned: [] as number[], cut: [] as number[], stuck: 0, room: 0 };
  const channel = { broken: false, cuts: 0 };
  const queue = new HandOffQueue({
    taker: {
      send: (message, _socket, failed) => {
        if (channel.broken) failed();
        else seen.sent.push((message as { id: number }).id);
        return {
          cut: () => {
            channel.cuts += 1;
          },
        };
      },
    },
    message: (client) => ({ id: client.id }),
    timers: {
      monotonic: () => now,
      after: (ms, fn) => {
        const timer = { at: now + ms, fn };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
    events: {
      onReturned: (clients) => seen.returned.push(...clients.map(({ id }) => id)),
      onCut: (client) => seen.cut.push(client.id),
      onStuck: () => {
        seen.stuck += 1;
      },
      onRoom: () => {
        seen.room += 1;
      },
    },
  });
  const pass = (ms: number) => {
    now += ms;
    for (const timer of [...timers]) {
      if (timer.at > now) continue;
      timers.delete(timer);
      timer.fn();
    }
  };
  return { queue, seen, channel, pass, timers };
}
const client = (id: number, destroyed = false): Client => ({
  id,
  protocol: 'rtmp',
  address: '192.0.2.1',
  socket: { destroyed, destroy: () => undefined },
});

describe('the queue of hand-offs', () => {
  it('has one socket in flight, and sends the next when that is taken', () => {
    const { queue, seen, timers } = setUp();
    for (const id of [1, 2, 3]) queue.push(client(id));
    assert.deepEqual(seen.sent, [1]);
    assert.equal(queue.took(1), true);
    assert.deepEqual(seen.sent, [1, 2]);
    assert.equal(queue.took(1), false);
    assert.deepEqual([queue.took(2), queue.took(3)], [true, true]);
    assert.deepEqual(seen.sent, [1, 2, 3]);
    assert.equal(timers.size, 0);
  });

  it('closes the one in flight and gives back the others when the child is gone', () => {
    const { queue, seen, channel } = setUp();
    for (const id of [1, 2, 3]) queue.push(client(id));
    queue.close();
    assert.deepEqual([seen.cut, seen.returned, channel.cuts], [[1], [2, 3], 1]);
    assert.equal(queue.push(client(4)), false);
  });

  it('does the same when a socket is not taken in time, and ignores the late answer', () => {
    const { queue, seen, pass } = setUp();
    for (const id of [1, 2]) queue.push(client(id));
    pass(TOOK_WITHIN_MS - 1);
    assert.equal(seen.stuck, 0);
    pass(1);
    pass(TOOK_GRACE_MS);
    assert.deepEqual([seen.stuck, seen.cut, seen.returned], [1, [1], [2]]);
    assert.equal(queue.took(1), false);
    queue.push(client(3));
    assert.deepEqual(seen.sent, [1, 3]);
  });

  it('believes an answer that came in time, though our own loop stood still', () => {
    const { queue, seen, pass } = setUp();
    queue.push(client(1));
    pass(TOOK_WITHIN_MS * 3);
    assert.equal(queue.took(1), true);
    pass(TOOK_WITHIN_MS);
    assert.deepEqual([seen.stuck, seen.cut], [0, []]);
  });

  it('says once that there is room again, when half of what filled it is taken', () => {
    const { queue, seen } = setUp();
    let id = 0;
    while (!queue.full) queue.push(client(++id));
    assert.equal(queue.push(client(++id)), false);
    for (let taken = 1; taken <= MAX_QUEUED_HAND_OFFS; taken++) {
      queue.took(taken);
      assert.equal(seen.room, taken >= MAX_QUEUED_HAND_OFFS / 2 ? 1 : 0);
    }
  });

  it('gives everything back when the channel is closed before the socket went', () => {
    const { queue, seen, channel } = setUp();
    queue.push(client(1));
    queue.push(client(2));
    channel.broken = true;
    queue.took(1);
    assert.deepEqual([seen.returned, seen.cut], [[2], []]);
    assert.equal(queue.full, true);
  });

  it('passes over clients that broke while they waited', () => {
    const { queue, seen } = setUp();
    queue.push(client(1));
    queue.push(client(2, true));
    queue.push(client(3));
    queue.took(1);
    assert.deepEqual([seen.sent, seen.cut], [[1, 3], [2]]);
  });

  it('is full at its limit', () => {
    const { queue } = setUp();
    for (let id = 0; id <= MAX_QUEUED_HAND_OFFS; id++) assert.equal(queue.push(client(id)), true);
    assert.equal(queue.push(client(99_999)), false);
  });
});
