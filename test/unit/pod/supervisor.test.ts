import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Told } from '@dolphin/pod/app/edge-facts.js';
import { MemoryLimit } from '@dolphin/pod/app/memory-limit.js';
import type { EdgeProcess, ProcessExit } from '@dolphin/pod/app/ports.js';
import { StartGate } from '@dolphin/pod/app/start-gate.js';
import { Supervisor } from '@dolphin/pod/app/supervisor.js';
import { DEFAULT_RESTART_POLICY } from '@dolphin/pod/domain/restart-policy.js';
import type { EdgeDefinition } from '@dolphin/protocol';
import { handClock } from './hand-clock.js';

const ports = { rtmp: 1936, http: 18081, api: 33332 };
const edge: EdgeDefinition = { role: 'stream', slot: 0, generation: 3, engine: 'srs', ports, origins: ['127.0.0.1:1'] };
const DEADLINE_MS = 60_000;

/** A supervisor whose edges are processes of this test: ready at once, unless their name is in `broken`. */
function setUp(o: { alone?: boolean; spare?: number; says?: object } = {}) {
  const clock = handClock();
  const broken = new Set<string>();
  const facts: Told[] = [];
  const warnings: string[] = [];
  const ends = new Map<number, () => void>();
  const heard: string[] = [];
  let pid = 0;
  const start = (): EdgeProcess => {
    const handlers: ((exit: ProcessExit) => void)[] = [];
    const own = ++pid;
    ends.set(own, () => {
      for (const handler of handlers) handler({ code: 0, signal: null, stderr: [] });
    });
    return {
      ...{ pid: own, dialect: 'srs5', admits: 100 },
      say: (message) => void heard.push(`${own} ${JSON.stringify(message)}`),
      onMessage: (handler) => {
        if (o.says !== undefined) setImmediate(() => handler(o.says));
      },
      send: () => ({ cut: () => undefined }),
      onExit: (handler) => void handlers.push(handler),
      signal: () => ends.get(own)?.(),
    };
  };
  const policy = { ...DEFAULT_RESTART_POLICY, maxAttempts: 2, baseMs: 0 };
  const nothing = () => undefined;
  const supervisor = new Supervisor(
    {
      launcher: {
        launch: async (_, { name }) =>
          broken.has(name)
            ? { ok: false, code: 'E_CONFIG', message: 'broken', usesAttempt: true }
            : { ok: true, process: start() },
      },
      startGate: new StartGate(8, clock.timers),
      probe: { answers: async () => true },
      timers: clock.timers,
      policy: o.alone ? { ...policy, maxAttempts: null } : policy,
      successorPolicy: policy,
      random: () => 0.5,
      log: { info: nothing, warn: (_, message) => void warnings.push(message), error: nothing },
      tell: (fact) => `fact-${facts.push(fact)}`,
      clientsAt: () => 1,
      replaceDeadlineMs: DEADLINE_MS,
      sparePorts: o.spare === 0 ? null : { rtmp: 2900, http: 18_900, api: 32_900, count: o.spare ?? 1 },
    },
    {
      ...{ onStarted: nothing, onReady: nothing, onClosing: nothing, onExit: nothing, onTook: nothing },
      ...{ onClients: nothing, onUndrained: nothing, onBeat: nothing, onRemoved: nothing },
    },
  );
  return {
    supervisor,
    broken,
    facts,
    warnings,
    heard,
    /** Lets what is under way come to its end; waits of no length are over. */
    async settle() {
      for (let turn = 0; turn < 20; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
        clock.pass(0);
      }
    },
    shown: () => supervisor.runners.map(({ name, state, edge: { generation } }) => `${name}:${generation} ${state}`),
    told: (type: Told['type']) => facts.filter((fact) => fact.type === type),
  };
}

describe('a spare place', () => {
  it("with a port of a slot is told of and not used, also while that slot's edge is elsewhere", async () => {
    const { supervisor, settle, shown, warnings } = setUp({ spare: 2 });
    supervisor.ensure(edge, {});
    // At home on the second place.
    const other = { ...edge, slot: 1, ports: { rtmp: 2901, http: 5, api: 6 } };
    supervisor.ensure(other, {});
    assert.deepEqual(warnings, [
      'sparePorts.rtmp: port 2901 is the RTMP port of stream-1: no edge is started on that place',
    ]);
    await settle();
    assert.ok(supervisor.replace(other, {}));
    await settle();
    supervisor.runners.find(({ name }) => name === 'stream-1')?.stop();
    await settle();
    assert.deepEqual(shown(), ['stream-0:3 ready', 'stream-1.b:3 ready']);
    assert.ok(!supervisor.hasPlaceBeside(edge), "the second place is the other one's way home");
  });
});

describe('a replacement that is given up', () => {
  for (const alone of [false, true]) {
    it(`leaves the slot as it was, ${alone ? 'in a pod alone' : 'in a farm'}, and another may be tried`, async () => {
      const { supervisor, broken, settle, shown, told } = setUp({ alone });
      supervisor.ensure(edge, {});
      await settle();
      broken.add('stream-0.b');
      assert.ok(supervisor.replace(edge, { causationId: 'asked' }));
      assert.ok(!supervisor.replace(edge, {}), 'one at a time');
      await settle();
      assert.deepEqual(shown(), ['stream-0:3 ready']);
      assert.deepEqual(told('edge-gave-up'), [], 'its leader would start another generation');
      const [failed, ...more] = told('edge-replace-failed');
      assert.ok(failed?.type === 'edge-replace-failed' && failed.generation === 3 && failed.kept === 3);
      assert.deepEqual(more, []);
      assert.deepEqual(told('edge-removed'), []);
      broken.clear();
      assert.ok(supervisor.replace(edge, {}));
      await settle();
      assert.deepEqual(shown(), ['stream-0.b:3 ready', 'stream-0:3 draining']);
      assert.equal(supervisor.runners[0]?.edge.ports.rtmp, 2900);
    });
  }

  it('of a higher generation is told of as given up: its leader asked for it', async () => {
    const { supervisor, broken, settle, shown, told } = setUp();
    supervisor.ensure(edge, {});
    await settle();
    broken.add('stream-0.b');
    supervisor.ensure({ ...edge, generation: 4, ports: { rtmp: 1, http: 2, api: 3 } }, {});
    await settle();
    assert.deepEqual(shown(), ['stream-0.b:4 gave-up', 'stream-0:3 ready']);
    assert.equal(told('edge-gave-up').length, 1);
    assert.equal(told('edge-replace-failed').length, 1);
  });
});

describe('HTTP connections of an edge that takes sockets', () => {
  const says = { type: 'hello', takes: ['http'], version: '1' };
  const [off, on] = ['{"type":"keep","on":false}', '{"type":"keep","on":true}'];

  it('are kept no more once another one follows it, beside it or after it', async () => {
    for (const spare of [1, 0]) {
      const { supervisor, settle, heard } = setUp({ says, spare });
      supervisor.ensure(edge, {});
      await settle();
      assert.ok(supervisor.replace(edge, {}));
      await settle();
      assert.deepEqual(heard, [`1 ${off}`]);
    }
  });

  it('are kept while nothing follows it, and after its drain is taken back', async () => {
    const { supervisor, settle, heard } = setUp({ says });
    supervisor.ensure(edge, {});
    await settle();
    supervisor.drain(edge, DEADLINE_MS, {});
    assert.deepEqual(heard, []);
    supervisor.undrain(edge, {});
    assert.deepEqual(heard, [`1 ${on}`]);
  });
});

describe('an undrain', () => {
  it('is of one generation', async () => {
    const { supervisor, settle, shown } = setUp();
    supervisor.ensure(edge, {});
    await settle();
    supervisor.drain(edge, DEADLINE_MS, {});
    assert.ok(!supervisor.undrain({ ...edge, generation: 2 }, {}));
    assert.deepEqual(shown(), ['stream-0:3 draining']);
    assert.ok(supervisor.undrain(edge, {}));
    assert.deepEqual(shown(), ['stream-0:3 ready']);
  });

  it('of an edge on spare ports leaves it the way back to its own', async () => {
    const { supervisor, settle, shown } = setUp();
    supervisor.ensure(edge, {});
    await settle();
    supervisor.replace(edge, {});
    await settle();
    supervisor.runners[1]?.endDrain('empty', 0);
    assert.deepEqual(shown(), ['stream-0.b:3 ready']);
    supervisor.drain(edge, DEADLINE_MS, {});
    assert.ok(supervisor.undrain(edge, {}));
    assert.ok(supervisor.replace(edge, {}));
    await settle();
    assert.deepEqual(shown(), ['stream-0:3 ready', 'stream-0.b:3 draining']);
    assert.deepEqual(supervisor.runners[0]?.edge.ports, ports);
  });
});

describe('a place beside an edge', () => {
  it('is a spare one that is free now, or its own', async () => {
    const other: EdgeDefinition = { ...edge, slot: 1, ports: { rtmp: 1937, http: 18082, api: 33333 } };
    const { supervisor, settle } = setUp();
    supervisor.ensure(edge, {});
    supervisor.ensure(other, {});
    await settle();
    assert.ok(supervisor.hasPlaceBeside(other));
    supervisor.replace(edge, {});
    await settle();
    assert.ok(!supervisor.hasPlaceBeside(other), 'the only one is taken');
    supervisor.runners[1]?.endDrain('empty', 0);
    assert.ok(supervisor.hasPlaceBeside(edge) && !supervisor.hasPlaceBeside(other));
    assert.ok(!setUp({ spare: 0 }).supervisor.hasPlaceBeside(edge));
  });
});

describe('a pod that waits for its clients to leave', () => {
  it('replaces nothing, neither for memory nor when asked', async () => {
    const { supervisor, settle, shown, told } = setUp();
    const figures = { rssBytes: 900e6, cpuPercent: 0, kbitPerS: 0, sentBytes: 0 };
    const timers = { monotonic: () => 0 };
    const memory = new MemoryLimit({ supervisor, figuresOf: () => figures, maxRssMb: 100, timers });
    supervisor.ensure(edge, {});
    await settle();
    supervisor.endReplacing();
    for (let sample = 0; sample < 10; sample++) memory.look();
    assert.ok(!supervisor.replace(edge, {}));
    await settle();
    assert.deepEqual(shown(), ['stream-0:3 ready']);
    assert.deepEqual(told('edge-unhealthy'), []);
  });
});
