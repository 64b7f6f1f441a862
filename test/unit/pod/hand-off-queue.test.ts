import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HandOffQueue, MAX_QUEUED_HAND_OFFS, TOOK_GRACE_MS, TOOK_WITHIN_MS } from '@dolphin/pod/app/hand-off-queue.js';
import type { Client } from '@dolphin/pod/app/ports.js';
import fc from 'fast-check';

function setUp() {
  let now = 0;
  const timers = new Set<{ at: number; fn: () => void }>();
  const seen = { sent: [] as number[], returned: [] as number[], cut: [] as number[], stuck: 0, room: 0 };
  let whenRoom = () => {};
  const onRoom = (fn: () => void) => {
    whenRoom = fn;
  };
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
        whenRoom();
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
  return { queue, seen, channel, pass, timers, onRoom };
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
    assert.equal(queue.full, true);
    assert.throws(() => queue.push(client(4)));
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
    for (let taken = 1; taken <= MAX_QUEUED_HAND_OFFS; taken++) {
      queue.took(taken);
      assert.equal(queue.full, seen.room === 0, 'it stays full until it says so');
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
    for (let id = 0; id <= MAX_QUEUED_HAND_OFFS; id++) {
      assert.equal(queue.full, false);
      queue.push(client(id));
    }
    assert.equal(queue.full, true);
  });

  it('has room again, too, when those who wait are taken back, or break, or it gives them up', () => {
    const fill = () => {
      const all = setUp();
      const clients: { socket: { destroyed: boolean } }[] = [];
      while (!all.queue.full) {
        const socket = { destroyed: false, destroy: () => undefined };
        clients.push({ socket });
        all.queue.push({ ...client(clients.length), socket });
      }
      return { ...all, clients };
    };
    const withdrawn = fill();
    for (let id = 2; id < MAX_QUEUED_HAND_OFFS / 2 + 2; id++) {
      assert.equal(withdrawn.seen.room, 0);
      withdrawn.queue.withdraw(id);
    }
    assert.deepEqual([withdrawn.queue.full, withdrawn.seen.room], [false, 1]);
    const broken = fill();
    for (const { socket } of broken.clients) socket.destroyed = true;
    broken.queue.took(1);
    assert.deepEqual([broken.queue.full, broken.seen.room], [false, 1]);
    const stuck = fill();
    stuck.pass(TOOK_WITHIN_MS);
    stuck.pass(TOOK_GRACE_MS);
    assert.deepEqual([stuck.queue.full, stuck.seen.returned.length], [false, MAX_QUEUED_HAND_OFFS]);
  });

  it('and the room before it keep the order in which clients came, and leave nobody out', () => {
    const step = fc.oneof(
      fc.record({ come: fc.integer({ min: 1, max: 3000 }) }),
      fc.record({ take: fc.integer({ min: 1, max: 3000 }) }),
      fc.record({ withdraw: fc.nat(6000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const { queue, seen, onRoom } = setUp();
        const outside: Client[] = [];
        const left = new Set<number>();
        let came = 0;
        let taken = 0;
        onRoom(() => {
          for (let next = queue.full ? undefined : outside.shift(); next !== undefined; ) {
            queue.push(next);
            next = queue.full ? undefined : outside.shift();
          }
        });
        const take = () => {
          const id = seen.sent[taken];
          if (id === undefined) return false;
          taken += 1;
          queue.took(id);
          return true;
        };
        for (const one of steps) {
          if ('come' in one) {
            for (let i = 0; i < one.come; i++) {
              came += 1;
              if (queue.full) outside.push(client(came));
              else queue.push(client(came));
            }
          } else if ('take' in one) {
            for (let i = 0; i < one.take && take(); i++);
          } else if (queue.withdraw(one.withdraw) !== null) left.add(one.withdraw);
          assert.ok(outside.length === 0 || queue.full, 'nobody waits outside beside a queue with room');
        }
        while (take());
        const expected = Array.from({ length: came }, (_, i) => i + 1).filter((id) => !left.has(id));
        assert.deepEqual(seen.sent, expected);
      }),
      { numRuns: 30 },
    );
  });
});
