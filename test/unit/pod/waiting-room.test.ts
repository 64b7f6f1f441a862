import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TOOK_GRACE_MS } from '@dolphin/pod/app/hand-off-queue.js';
import type { Client } from '@dolphin/pod/app/ports.js';
import {
  MAX_WAITING,
  MAX_WAITING_HEAD_BYTES,
  type Patience,
  WAIT_FOR_EDGE_MS,
  WAIT_IN_QUEUE_MS,
  WaitingRoom,
} from '@dolphin/pod/app/waiting-room.js';
import { MAX_FIRST_BYTES } from '@dolphin/pod/domain/first-words.js';
import { handClock } from './hand-clock.js';

function setUp() {
  const { timers, pass } = handClock();
  const room = new WaitingRoom(timers);
  const late: number[] = [];
  const come = (id: number, inQueue: boolean, patience: Patience = room.patience(), head?: Buffer) => {
    const socket = { destroyed: false, destroy: () => undefined };
    const client: Client = { id, protocol: 'rtmp', address: '', socket, ...(head && { head }) };
    return room.add(client, { patience, inQueue, onLate: () => late.push(id) });
  };
  const passSlowly = (ms: number, onStep: () => void) => {
    for (let passed = 0; passed < ms; passed += 100) {
      onStep();
      pass(100);
    }
    pass(TOOK_GRACE_MS);
  };
  return { room, come, late, pass, passSlowly };
}

describe('the room of clients that no edge takes now', () => {
  it('keeps who is in a queue while that moves, and not who waits for an edge that is not there', () => {
    const { room, come, late, passSlowly } = setUp();
    come(1, true);
    come(2, false);
    passSlowly(WAIT_FOR_EDGE_MS * 3, () => room.moved());
    assert.deepEqual(late, [2]);
    passSlowly(WAIT_FOR_EDGE_MS, () => undefined);
    assert.deepEqual(late, [2, 1], 'nothing moved for the time that anybody waits');
  });

  it('keeps nobody for ever, however often it is called out and comes back', () => {
    const { room, come, late, passSlowly } = setUp();
    come(1, true);
    passSlowly(WAIT_IN_QUEUE_MS - WAIT_FOR_EDGE_MS, () => {
      room.moved();
      room.empty((client, patience) => come(client.id, true, patience));
    });
    assert.deepEqual(late, []);
    passSlowly(WAIT_FOR_EDGE_MS, () => {
      room.moved();
      room.empty((client, patience) => come(client.id, true, patience));
    });
    assert.deepEqual(late, [1]);
  });

  it('gives who leaves a queue that moved the time that an edge needs to come back', () => {
    const { room, come, late, pass, passSlowly } = setUp();
    come(1, true);
    passSlowly(WAIT_FOR_EDGE_MS * 2, () => room.moved());
    room.empty((client, patience) => come(client.id, false, patience));
    pass(WAIT_FOR_EDGE_MS / 2);
    pass(TOOK_GRACE_MS);
    assert.deepEqual(late, []);
    pass(WAIT_FOR_EDGE_MS);
    pass(TOOK_GRACE_MS);
    assert.deepEqual(late, [1]);
  });

  it('believes what moved in time, though our own loop stood still', () => {
    const { room, come, late, pass } = setUp();
    come(1, true);
    pass(WAIT_FOR_EDGE_MS * 2);
    room.moved();
    pass(TOOK_GRACE_MS);
    assert.deepEqual(late, []);
  });

  it('has so many seats, and calls out in the order of coming', () => {
    const { room, come } = setUp();
    for (let id = 1; id <= MAX_WAITING; id++) assert.equal(come(id, true), true);
    assert.equal(come(MAX_WAITING + 1, true), false);
    const called: number[] = [];
    room.empty(({ id }) => called.push(id));
    assert.deepEqual(
      called,
      Array.from({ length: MAX_WAITING }, (_, i) => i + 1),
    );
  });

  it('holds so many bytes of what was read of them, whichever way they leave', () => {
    const { room, come, passSlowly } = setUp();
    const longest = Buffer.alloc(MAX_FIRST_BYTES);
    const many = MAX_WAITING_HEAD_BYTES / MAX_FIRST_BYTES;
    const comesWithHead = (id: number) => come(id, false, room.patience(), longest);
    const isFull = () => {
      for (let id = 1; id <= many; id++) assert.equal(comesWithHead(id), true, `${id}`);
      assert.equal(comesWithHead(many + 1), false);
      assert.equal(come(many + 1, false), true, 'one without a head still finds a seat');
      room.withdraw(many + 1);
    };
    isFull();
    room.withdraw(1);
    assert.equal(comesWithHead(1), true);
    room.empty(() => undefined);
    isFull();
    passSlowly(WAIT_FOR_EDGE_MS, () => undefined);
    isFull();
  });
});
