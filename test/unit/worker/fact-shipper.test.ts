import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MemoryLogStore } from '@dolphin/eventlog';
import type { Fact, FactEnvelope, LogEnvelope } from '@dolphin/protocol';
import { silentLogger } from '@dolphin/runtime';
import { FactShipper } from '@dolphin/worker/app/fact-shipper.js';
import { Outbox } from '@dolphin/worker/app/outbox.js';
import type { ReadHappening } from '@dolphin/worker/domain/shipping-cursor.js';
import fc from 'fast-check';

const SUBJECT = 'dolphin.main.log.host.h1';
const FARM_ID = '7b1c1f1e-5f0b-4b57-9b53-6a1dd0f4f001';
const never = new AbortController().signal;

class Crash extends Error {}
/** When the life ends: at its n-th call to the outside; before that has its effect, after it, or in the next life. */
interface Doom {
  readonly at: number;
  readonly effect: 'none' | 'done' | 'late';
}

/** All that outlives a worker: the log, the pod, the files in the run directory. */
class World {
  readonly store = new MemoryLogStore();
  readonly happenings: ReadHappening[] = [];
  firstKept = 0;
  outbox: readonly Fact[] = [];
  knownEpoch = 0;
  podAway = false;
  late: (() => Promise<unknown>)[] = [];
  ids = 0;
  strays = 0;

  happen(count: number): void {
    for (let i = 0; i < count; i++) {
      const n = this.happenings.length + 1;
      this.happenings.push({ n, fact: { type: 'pod-started', id: `f${n}`, pid: 1, rtmp: [], http: [] } });
    }
  }

  /** What another host's reply subject leads here. */
  stray(): void {
    this.strays++;
    this.store.appendRaw(SUBJECT, Buffer.from('{"stream":"dolphin-main-log","seq":1}'), '');
  }

  async logged(): Promise<FactEnvelope[]> {
    const envelopes: FactEnvelope[] = [];
    for await (const item of this.store.read({ after: 0 })) {
      if (item.type === 'stored' && item.envelope.kind === 'facts') envelopes.push(item.envelope);
    }
    return envelopes;
  }
}

/** One life of a worker, as far as its facts are concerned. */
class Life {
  readonly #world: World;
  readonly #doom: Doom | null;
  #calls = 0;
  isDead = false;
  readonly outbox: Outbox;
  readonly shipper: FactShipper;

  constructor(world: World, doom: Doom | null) {
    this.#world = world;
    this.#doom = doom;
    const through = <T>(effect: () => Promise<T>) => this.#through(effect);
    const file = {
      read: () => through(async () => [...world.outbox]),
      write: (facts: readonly Fact[]) =>
        through(async () => {
          world.outbox = facts;
        }),
    };
    this.outbox = new Outbox(file, silentLogger());
    this.shipper = new FactShipper({
      log: {
        append: (subject: string, envelope: LogEnvelope, options) =>
          through(() => world.store.append(subject, envelope, options)),
        tailOn: (subject: string) => through(() => world.store.tailOn(subject)),
        info: () => world.store.info(),
        read: (options) => world.store.read(options),
      },
      pod: {
        happenings: (after, limit) =>
          through(async () => {
            if (world.podAway) return { failed: 'down', why: 'as asked' };
            const kept = world.happenings.slice(world.firstKept);
            const happenings = kept.filter(({ n }) => n > after).slice(0, Math.min(limit, 7));
            return { oldest: world.firstKept + 1, newest: world.happenings.length, happenings };
          }),
      },
      outbox: this.outbox,
      subject: SUBJECT,
      host: 'h1',
      logger: silentLogger(),
      newId: () => `id-${++world.ids}`,
      now: () => 0,
    });
  }

  async begin(): Promise<void> {
    const world = this.#world;
    await this.outbox.open();
    const tail = await this.shipper.tail();
    const strange = tail !== null && tail.epoch !== world.knownEpoch;
    const joining = { farmId: FARM_ID, version: '0', rtmp: [], http: [], host: {}, strange };
    assert.equal(await this.shipper.join(joining, never), 'joined');
    world.knownEpoch = this.shipper.epoch;
  }

  /** Ships until there is nothing to say. */
  async shipAll(): Promise<void> {
    for (let i = 0; i < 200; i++) {
      const result = await this.shipper.ship();
      if (result === 'idle') return;
      if (result !== 'conflict') continue;
      // An append of the life before that came late: nobody else writes here.
      assert.notEqual(await this.shipper.verify(), 'foreign');
      assert.ok(this.#world.strays > 0, 'a conflict in a life that joined after everything late had come');
    }
    assert.fail('it never gets done');
  }

  async #through<T>(effect: () => Promise<T>): Promise<T> {
    if (this.isDead) throw new Crash('dead already');
    this.#calls++;
    if (this.#doom === null || this.#calls !== this.#doom.at) {
      const result = await effect();
      // What a dead life had sent lands while the next one already lives: here, after its first look at the log.
      if (this.#calls === 2) for (const late of this.#world.late.splice(0)) await late();
      return result;
    }
    this.isDead = true;
    if (this.#doom.effect === 'done') await effect();
    if (this.#doom.effect === 'late') this.#world.late.push(effect);
    throw new Crash('as asked');
  }
}

type Action =
  | { type: 'happen'; count: number }
  | { type: 'refuse' }
  | { type: 'ship' }
  | { type: 'unknown'; stored: boolean }
  | { type: 'stray' }
  | { type: 'pod'; away: boolean };

const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant('happen' as const), count: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ type: fc.constant('refuse' as const) }),
    fc.record({ type: fc.constant('ship' as const) }),
    fc.record({ type: fc.constant('stray' as const) }),
    fc.record({ type: fc.constant('unknown' as const), stored: fc.boolean() }),
    fc.record({ type: fc.constant('pod' as const), away: fc.boolean() }),
  ),
  { maxLength: 12 },
);
const doom: fc.Arbitrary<Doom> = fc.record({
  at: fc.integer({ min: 1, max: 25 }),
  effect: fc.constantFrom('none', 'done', 'late'),
});

describe('facts reach the log exactly once and in order', () => {
  it('whatever life ends at whatever call, and whether that call had its effect', async () => {
    const lives = fc.array(fc.record({ actions, doom: fc.option(doom) }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(lives, async (script) => {
        const world = new World();
        const certain: string[] = [];
        const possible = new Set<string>();
        for (const { actions, doom } of script) {
          const life = new Life(world, doom);
          try {
            await life.begin();
            for (const action of actions) await act(world, life, action, certain, possible);
          } catch (error) {
            if (!(error instanceof Crash)) throw error;
          }
        }
        world.podAway = false;
        const last = new Life(world, null);
        await last.begin();
        await last.shipAll();
        await check(world, certain, possible);
      }),
      { numRuns: 400 },
    );
  });

  async function act(world: World, life: Life, action: Action, certain: string[], possible: Set<string>) {
    switch (action.type) {
      case 'happen':
        return world.happen(action.count);
      case 'pod':
        world.podAway = action.away;
        return;
      case 'unknown':
        return world.store.nextAppend(action.stored ? 'stored-but-unknown' : 'lost-but-unknown');
      case 'stray':
        return world.stray();
      case 'ship':
        return life.shipAll();
      case 'refuse': {
        const id = `refused-${++world.ids}`;
        possible.add(id);
        await life.outbox.add({ type: 'command-refused', id, commandId: id, code: 'E_X', message: '' });
        if (!life.isDead) certain.push(id);
      }
    }
  }

  async function check(world: World, certain: readonly string[], possible: ReadonlySet<string>) {
    const envelopes = await world.logged();
    const entries = envelopes.flatMap((envelope) => envelope.entries);
    const told = entries.filter((entry) => entry.type === 'pod-started').map((entry) => entry.id);
    assert.deepEqual(
      told,
      world.happenings.map(({ fact }) => fact?.id),
      'happenings: all, once, in order',
    );
    const refused = entries.filter((entry) => entry.type === 'command-refused').map((entry) => entry.id);
    assert.equal(new Set(refused).size, refused.length, 'no refusal twice');
    for (const id of certain) assert.ok(refused.includes(id), `${id} is told`);
    for (const id of refused) assert.ok(possible.has(id));
    const joined = entries.filter((entry) => entry.type === 'host-joined').map((entry) => entry.epoch);
    assert.ok(
      joined.every((epoch, index) => index === 0 || epoch > (joined[index - 1] ?? 0)),
      'epochs rise',
    );
    assert.ok(
      envelopes.every((one, index) => index === 0 || one.upTo >= (envelopes[index - 1]?.upTo ?? 0)),
      'upTo never falls',
    );
    assert.equal(envelopes.at(-1)?.upTo, world.happenings.length);
  }

  it('what the pod could not keep is told as one happenings-lost', async () => {
    const world = new World();
    world.happen(20);
    world.firstKept = 15;
    const life = new Life(world, null);
    await life.begin();
    await life.shipAll();
    const entries = (await world.logged()).flatMap((envelope) => envelope.entries);
    const lost = entries.filter((entry) => entry.type === 'happenings-lost');
    assert.deepEqual(
      lost.map(({ from, to }) => [from, to]),
      [[1, 15]],
    );
    assert.equal(entries.filter((entry) => entry.type === 'pod-started').length, 5);
  });

  it('a pod in a new run directory, which counts from 1 again, is told from its first happening on', async () => {
    const world = new World();
    world.happen(9);
    const before = new Life(world, null);
    await before.begin();
    await before.shipAll();
    world.happenings.length = 0;
    for (const n of [1, 2]) {
      world.happenings.push({ n, fact: { type: 'pod-started', id: `again-${n}`, pid: 1, rtmp: [], http: [] } });
    }
    world.knownEpoch = 0;
    const after = new Life(world, null);
    await after.begin();
    await after.shipAll();
    const ids = (await world.logged()).flatMap(({ entries }) => entries.map((entry) => entry.id));
    assert.deepEqual(
      ids.filter((id) => id.startsWith('again')),
      ['again-1', 'again-2'],
    );
    assert.equal((await world.logged()).at(-1)?.upTo, 2);
  });

  it('a pod that lost the end of its file in a power cut tells only what is new', async () => {
    const world = new World();
    world.happen(9);
    const before = new Life(world, null);
    await before.begin();
    await before.shipAll();
    world.happenings.length = 6;
    world.happenings.push({ n: 7, fact: { type: 'pod-started', id: 'new-7', pid: 1, rtmp: [], http: [] } });
    await before.shipAll();
    const ids = (await world.logged()).flatMap(({ entries }) => entries.map((entry) => entry.id));
    assert.equal(new Set(ids).size, ids.length, 'nothing twice');
    assert.ok(ids.includes('new-7'));
  });
});

describe('an epoch', () => {
  it('ends when another worker has joined under the same name', async () => {
    const world = new World();
    const [one, other] = [new Life(world, null), new Life(world, null)];
    await one.begin();
    await other.begin();
    world.happen(1);
    assert.equal(await one.shipper.ship(), 'conflict');
    assert.equal(await one.shipper.verify(), 'foreign');
    assert.equal(await other.shipper.ship(), 'shipped');
    assert.equal(await other.shipper.verify(), 'same');
  });

  it('goes on behind what nobody appended, also where it begins there', async () => {
    const world = new World();
    world.stray();
    const life = new Life(world, null);
    await life.begin();
    for (const unknown of [null, 'stored-but-unknown', 'lost-but-unknown'] as const) {
      world.happen(1);
      if (unknown !== null) {
        world.store.nextAppend(unknown);
        assert.equal(await life.shipper.ship(), 'unsettled');
      }
      world.stray();
      world.stray();
      await life.shipAll();
    }
    assert.equal(await life.shipper.verify(), 'same');
    const told = (await world.logged()).flatMap(({ entries }) => entries.map((entry) => entry.type));
    assert.deepEqual(told, ['host-joined', 'pod-started', 'pod-started', 'pod-started']);
  });

  it('begins again, with what was lost, when the log lost its tail', async () => {
    const world = new World();
    world.happen(3);
    const life = new Life(world, null);
    await life.begin();
    await life.shipAll();
    world.store.loseTail(1);
    world.happen(1);
    assert.equal(await life.shipper.ship(), 'conflict');
    assert.equal(await life.shipper.verify(), 'lost-tail');
    await life.begin();
    assert.equal(life.shipper.epoch, 2);
    await life.shipAll();
    const entries = (await world.logged()).flatMap((envelope) => envelope.entries);
    assert.deepEqual(
      entries.filter((entry) => entry.type === 'pod-started').map((entry) => entry.id),
      ['f1', 'f2', 'f3', 'f4'],
    );
  });
});
