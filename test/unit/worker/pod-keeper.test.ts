import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fact, PodState } from '@dolphin/protocol';
import { Complaints, silentLogger } from '@dolphin/runtime';
import { POD_GOOD_RUN_MS, POD_STATE_VALID_MS } from '@dolphin/worker/app/bounds.js';
import { PodKeeper } from '@dolphin/worker/app/pod-keeper.js';
import type { PodFailure } from '@dolphin/worker/app/ports.js';
import { podStartDelayMs } from '@dolphin/worker/domain/pod-starts.js';

const state = (pid: number, o: Partial<PodState> = {}): PodState => ({
  pid,
  version: '0',
  host: 'h1',
  farmId: null,
  term: 0,
  rtmp: [],
  http: [],
  address: '127.0.0.1',
  lastHappening: 0,
  uptimeMs: POD_GOOD_RUN_MS,
  clients: 0,
  refused: {},
  reading: 0,
  sessionsLost: 0,
  edges: [],
  warnings: [],
  advice: [],
  ...o,
});
const down: PodFailure = { failed: 'down', why: 'nobody listens' };

function keeper() {
  const clock = { time: 0, now: () => 0, monotonic: () => clock.time, sleep: async () => undefined };
  const world = {
    clock,
    answer: down as PodState | PodFailure,
    starts: [] as { pid: number; end: (code: number | null, signal: string | null) => Promise<void> }[],
    facts: [] as Fact[],
    strangers: [] as string[],
  };
  const it = new PodKeeper({
    pod: { state: async () => world.answer },
    starter: {
      start: () => {
        const pid = 100 + world.starts.length;
        let resolve: (end: { code: number | null; signal: string | null }) => void = () => undefined;
        const exited = new Promise<{ code: number | null; signal: string | null }>((done) => {
          resolve = done;
        });
        world.starts.push({
          pid,
          end: async (code, signal) => {
            resolve({ code, signal });
            await exited;
          },
        });
        return { pid, exited };
      },
    },
    host: 'h1',
    clock,
    logger: silentLogger(),
    complaints: new Complaints(silentLogger(), clock),
    newId: () => 'id',
    onExit: (fact) => void world.facts.push(fact),
    onStranger: (host) => void world.strangers.push(host),
  });
  return { world, it };
}

const pidOf = (one: PodKeeper) => one.state?.pid;

describe('the keeper of the pod', () => {
  it('adopts a pod that runs, and starts none', async () => {
    const { world, it: keeps } = keeper();
    world.answer = state(7);
    await keeps.look();
    assert.equal(keeps.state?.pid, 7);
    assert.equal(world.starts.length, 0);
  });

  it('starts one when there is none, and only one while it comes up', async () => {
    const { world, it: keeps } = keeper();
    for (let i = 0; i < 5; i++) await keeps.look();
    assert.equal(world.starts.length, 1);
    assert.equal(pidOf(keeps), undefined);
    world.answer = state(100);
    await keeps.look();
    assert.equal(pidOf(keeps), 100);
  });

  it('starts a dead one again at once, and tells how it ended', async () => {
    const { world, it: keeps } = keeper();
    await keeps.look();
    world.answer = state(100);
    await keeps.look();
    world.answer = down;
    await world.starts[0]?.end(null, 'SIGKILL');
    await keeps.look();
    assert.equal(world.starts.length, 2);
    assert.deepEqual(world.facts, [{ type: 'pod-exited', id: 'id', code: null, signal: 'SIGKILL' }]);
  });

  it('starts an adopted one again when its socket is dead', async () => {
    const { world, it: keeps } = keeper();
    world.answer = state(7);
    await keeps.look();
    world.answer = down;
    await keeps.look();
    await keeps.look();
    assert.equal(world.starts.length, 1);
    assert.deepEqual(world.facts, [{ type: 'pod-exited', id: 'id', code: null, signal: null }]);
  });

  it('does not start a second one beside a pod that is silent, and shows no old state for it', async () => {
    const { world, it: keeps } = keeper();
    world.answer = state(7);
    await keeps.look();
    world.answer = { failed: 'silent', why: 'no answer' };
    await keeps.look();
    assert.equal(keeps.state?.pid, 7, 'still fresh');
    world.clock.time += POD_STATE_VALID_MS + 1;
    await keeps.look();
    assert.equal(keeps.state, null);
    assert.equal(world.starts.length, 0);
    assert.deepEqual(world.facts, []);
  });

  it('waits longer and longer for one that cannot start, and tells nothing of it', async () => {
    const { world, it: keeps } = keeper();
    let delays = 0;
    for (let attempt = 1; attempt <= 6; attempt++) {
      await keeps.look();
      assert.equal(world.starts.length, attempt);
      await world.starts[attempt - 1]?.end(69, null);
      await keeps.look();
      assert.equal(world.starts.length, attempt, 'not at once');
      delays += podStartDelayMs(attempt);
      world.clock.time = delays;
    }
    assert.deepEqual(world.facts, []);
    assert.deepEqual([0, 1, 2, 3, 9].map(podStartDelayMs), [0, 250, 500, 1000, 5000]);
  });

  it('does not touch the pod of another host', async () => {
    const { world, it: keeps } = keeper();
    world.answer = state(7, { host: 'h2' });
    await keeps.look();
    assert.deepEqual(world.strangers, ['h2']);
    assert.equal(keeps.state, null);
  });
});
