import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AppendOutcome, SessionHistory, SessionTail, StoredBatch } from '@dolphin/eventlog';
import { DolphinError, type EndedSession, type SessionBatch } from '@dolphin/protocol';
import { Complaints, silentLogger } from '@dolphin/runtime';
import { SessionShipper } from '@dolphin/worker/app/session-shipper.js';
import fc from 'fast-check';
import { endedSession } from './ended-session.js';

const ME = { farmId: '7b1c1f1e-5f0b-4b57-9b53-6a1dd0f4f001', host: 'h1', epoch: 1 };

/**
 * What becomes of an append. acked, or not stored and said so; stored while its acknowledgement is lost; stored after
 * the worker gave it up; lost on the way.
 */
const FATES = ['acked', 'refused', 'ack-lost', 'late', 'lost'] as const;
type Fate = (typeof FATES)[number];

/** The stream of one host. */
class FakeHistory implements SessionHistory {
  messages: { sequence: number; batch: SessionBatch | null }[] = [];
  fate: Fate = 'acked';
  #last = 0;
  #late: (() => void) | null = null;

  tail(): Promise<SessionTail> {
    const guard = this.messages.at(-1)?.sequence ?? 0;
    const last = this.messages.findLast(({ batch }) => batch !== null)?.batch;
    if (!last) return Promise.resolve({ guard, end: null });
    const { upTo, sessions } = last;
    const id = sessions.at(-1)?.n === upTo ? (sessions.at(-1)?.id ?? null) : null;
    return Promise.resolve({ guard, end: { upTo, id } });
  }

  /** An answer of the server, which another host had sent here. */
  stray(): void {
    this.messages.push({ sequence: ++this.#last, batch: null });
  }

  append(batch: SessionBatch, { expectedLast }: { expectedLast: number }): Promise<AppendOutcome> {
    this.#late?.();
    this.#late = null;
    const store = (): AppendOutcome => {
      const lastSequence = this.messages.at(-1)?.sequence ?? 0;
      if (lastSequence !== expectedLast) return { outcome: 'conflict', lastSequence };
      this.messages.push({ sequence: ++this.#last, batch });
      return { outcome: 'appended', sequence: this.#last };
    };
    switch (this.fate) {
      case 'acked':
        return Promise.resolve(store());
      case 'refused':
        return Promise.reject(new DolphinError('E_BUS_UNAVAILABLE', { why: 'test' }));
      case 'ack-lost':
        store();
        break;
      case 'late':
        this.#late = store;
        break;
      case 'lost':
        break;
      default:
        this.fate satisfies never;
    }
    return Promise.resolve({ outcome: 'unknown', why: 'test' });
  }

  lastSequence(): Promise<number> {
    return Promise.resolve(this.#last);
  }

  loseTail(): void {
    if (this.messages.pop() !== undefined) this.#last--;
  }

  async *readBack(): AsyncIterable<StoredBatch> {
    for (const { sequence, batch } of this.messages.toReversed()) yield { sequence, at: '', batch };
  }

  get ids(): string[] {
    return this.messages.flatMap(({ batch }) => batch?.sessions.map(({ id }) => id) ?? []);
  }
}

/** A pod's file of ended sessions. */
class FakePod {
  held: EndedSession[] = [];
  life = 1;
  readonly #everEnded = new Set<string>();

  end(count: number): void {
    for (let i = 0; i < count; i++) {
      const id = `${this.life}-${this.#everEnded.size}`;
      this.#everEnded.add(id);
      this.held.push(endedSession((this.held.at(-1)?.n ?? 0) + 1, { id }));
    }
  }

  endedSessions(after: number, limit: number) {
    const sessions = this.held.filter(({ n }) => n > after).slice(0, limit);
    return Promise.resolve({ oldest: this.held[0]?.n ?? 1, newest: this.held.at(-1)?.n ?? 0, sessions });
  }
}

class World {
  readonly history = new FakeHistory();
  readonly pod = new FakePod();
  readonly bus = { connected: true, drops: 0 };
  shipper = this.start();

  start(): SessionShipper {
    const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
    const logger = silentLogger();
    const { bus, history, pod } = this;
    const shared = { clock, logger, complaints: new Complaints(logger, clock), newId: () => 'id', random: () => 0 };
    return new SessionShipper({ bus, history, pod, me: () => ME, ...shared });
  }

  async ship(fate: Fate = 'acked'): Promise<'more' | 'all' | 'refused'> {
    this.history.fate = fate;
    return this.shipper.ship(ME).catch(() => 'refused' as const);
  }

  async shipAll(): Promise<void> {
    for (let round = 0; (await this.ship()) === 'more'; round++) assert.ok(round < 1_000, 'it comes to an end');
  }
}

/** A few, or more than a page. */
const count = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 10 }) }, fc.integer({ min: 300, max: 500 }));
const anything = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('ship' as const), fate: fc.constantFrom(...FATES) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), count }) },
  fc.record({ do: fc.constantFrom('roll-over' as const, 'lose-end' as const), count }),
  fc.record({
    do: fc.constantFrom(
      'restart' as const,
      'reconnect' as const,
      'lose-tail' as const,
      'evict' as const,
      'stray' as const,
    ),
  }),
);
type Step = typeof anything extends fc.Arbitrary<infer T> ? T : never;

async function take(world: World, step: Step): Promise<void> {
  const { history, pod } = world;
  switch (step.do) {
    case 'ship':
      await world.ship(step.fate);
      return;
    case 'end':
      pod.end(step.count);
      return;
    case 'roll-over':
      // The newest session is always there.
      pod.held = pod.held.slice(Math.min(step.count, Math.max(0, pod.held.length - 1)));
      return;
    case 'lose-end':
      pod.held = pod.held.slice(0, -step.count);
      pod.life++;
      return;
    case 'restart':
      world.shipper = world.start();
      return;
    case 'reconnect':
      world.bus.drops++;
      return;
    case 'lose-tail':
      // As a server does that was killed, or whose store was put back from a copy.
      history.loseTail();
      world.bus.drops++;
      return;
    case 'evict':
      history.messages.shift();
      return;
    case 'stray':
      history.stray();
      return;
    default:
      step satisfies never;
  }
}

async function afterAll(steps: readonly Step[]): Promise<World> {
  const world = new World();
  for (const step of steps) await take(world, step);
  // An end that nobody would miss: what the stream lost shows with the next append.
  world.pod.end(1);
  await world.shipAll();
  return world;
}

describe('shipping ended sessions', () => {
  it('never stores a session twice, whatever dies, is lost or comes late', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { maxLength: 25 }), async (steps) => {
        const { ids } = (await afterAll(steps)).history;
        assert.equal(new Set(ids).size, ids.length);
      }),
      { numRuns: 100 },
    );
  });

  it('stores all that the pod still holds, also what the stream has lost', async () => {
    const steps = fc.array(
      // What took the place of a lost message tells as little of it as if it had been dropped for its age.
      anything.filter((step) => step.do !== 'evict' && step.do !== 'stray'),
      { maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (some) => {
        const { history, pod } = await afterAll(some);
        const stored = new Set(history.ids);
        assert.deepEqual(
          pod.held.filter(({ id }) => !stored.has(id)),
          [],
        );
      }),
      { numRuns: 100 },
    );
  });

  it('leaves no number out that it does not tell of', async () => {
    const steps = fc.array(
      anything.filter((step) => step.do !== 'evict' && step.do !== 'lose-tail'),
      { maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (some) => {
        const { messages } = (await afterAll(some)).history;
        let upTo = 0;
        for (const { batch } of messages) {
          if (batch === null) continue;
          if (!batch.countsAnew) assert.equal(batch.after, upTo);
          upTo = batch.upTo;
        }
      }),
      { numRuns: 100 },
    );
  });

  it('waits for a pod that does not answer, and looks at nothing while there is nothing new', async () => {
    const world = new World();
    world.pod.end(3);
    await world.shipAll();
    const before = world.history.messages.length;
    world.history.tail = () => Promise.reject(new Error('nobody asks'));
    assert.equal(await world.ship(), 'all');
    world.pod.endedSessions = () => Promise.resolve({ failed: 'down', why: 'test' }) as never;
    assert.equal(await world.ship(), 'all');
    assert.equal(world.history.messages.length, before);
  });
});
