import assert from 'node:assert/strict';
import { assignedSlots, hostsOf, type SlotState, slotsOf } from '@dolphin/master/domain/farm-state.js';
import { type FarmSpec, UpdatePolicy } from '@dolphin/protocol';
import fc from 'fast-check';
import { BROKEN, type HostModel, specOf } from './host-model.js';
import type { World } from './world.js';

/** Whatever may happen to a farm, as fast-check makes it up. */

export const HOSTS = ['h1', 'h2', 'h3'];
export const host = fc.constantFrom(...HOSTS);
const http = fc.constantFrom(0 as const, 1 as const);
export const edges = fc.oneof(
  fc.record({ perHost: fc.integer({ min: 0, max: 5 }), http }),
  fc.record({ total: fc.integer({ min: 0, max: 12 }), http }),
);
const fate = fc.array(fc.constantFrom('answered' as const, 'lost' as const, 'answer-lost' as const), {
  minLength: 1,
  maxLength: 8,
});

/** What edges are asked to be, and how they are to become it. */
interface As {
  engine: string;
  isElsewhere: boolean;
  origin: string;
  maxParallel: number;
  minHealthyMs: number;
  onFailure: 'stop' | 'continue';
}

const asOf = (engines: readonly string[]): fc.Arbitrary<As> =>
  fc.record({
    engine: fc.constantFrom(...engines),
    isElsewhere: fc.boolean(),
    origin: fc.constantFrom('127.0.0.1:1935', '10.0.0.1:1935'),
    maxParallel: fc.integer({ min: 1, max: 4 }),
    minHealthyMs: fc.constantFrom(0, 0, 2_000),
    onFailure: fc.constantFrom('stop' as const, 'continue' as const),
  });
/** What can be reached. */
export const sound = asOf(['builtin', 'next']);
const PLAN = specOf({ perHost: 0 }).ports;
const ELSEWHERE = {
  ...{ ...PLAN, streamRtmp: 2936, streamHttp: 28081, streamApi: 43332 },
  ...{ httpRtmp: 2900, httpHttp: 28000, httpApi: 43300 },
};

export function specAs({ engine, isElsewhere, origin, ...update }: As): Partial<FarmSpec> {
  const ports = isElsewhere ? ELSEWHERE : PLAN;
  return { engine, ports, origins: [origin], update: UpdatePolicy.parse({ viewerPercent: 100, ...update }) };
}

type Step =
  | { do: 'apply'; edges: FarmSpec['edges']; as: As }
  | { do: 'elect' }
  | { do: 'ask'; type: 'host-cordoned' | 'host-uncordoned' | 'host-undrain-asked'; host: string }
  | { do: 'drain'; host: string; deadlineMs: number }
  | { do: 'kill'; host: string }
  | { do: 'edge'; type: 'edge-drain-asked' | 'edge-undrain-asked' | 'edge-restart-asked'; host: string; slot: number }
  | { do: 'reconfigure'; host: string; capacity: number }
  | { do: 'crowd'; host: string; clients: number }
  | { do: 'round'; fates: ('answered' | 'lost' | 'answer-lost')[]; ms: number }
  | { do: 'hear' | 'tick' | 'restart-pod' | 'lose-pod' | 'restart-worker' | 'give-up' | 'old-heartbeat'; host: string };

/** Of what is asked of one edge; those of a lower number are stream edges. */
const HTTP_IN_STEPS = 4;

export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('apply' as const), edges, as: asOf(['builtin', 'next', BROKEN]) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('elect' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      type: fc.constantFrom('host-cordoned' as const, 'host-uncordoned' as const, 'host-undrain-asked' as const),
      host,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const), host, deadlineMs: fc.nat({ max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), host }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('edge' as const),
      type: fc.constantFrom(
        'edge-drain-asked' as const,
        'edge-undrain-asked' as const,
        'edge-restart-asked' as const,
        'edge-restart-asked' as const,
      ),
      host,
      slot: fc.nat({ max: HTTP_IN_STEPS }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crowd' as const), host, clients: fc.nat({ max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reconfigure' as const), host, capacity: fc.nat({ max: 5 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('round' as const), fates: fate, ms: fc.integer({ min: 20, max: 2_500 }) }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('hear' as const), host }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('tick' as const), host }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart-pod' as const), host }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose-pod' as const), host }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart-worker' as const), host }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('give-up' as const), host }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('old-heartbeat' as const), host }) },
);
/** Heartbeats come in the order in which they were sent. */
export const stepInOrder = step.filter((one) => one.do !== 'old-heartbeat');

export function play(world: World, steps: readonly Step[]): void {
  const old = new Map(HOSTS.map((name) => [name, world.host(name).heartbeat()]));
  for (const one of steps) {
    switch (one.do) {
      case 'apply':
        world.apply(one.edges, specAs(one.as));
        break;
      case 'elect':
        world.elect();
        break;
      case 'ask':
        world.operator({ type: one.type, host: one.host, who: 'test' });
        break;
      case 'drain':
        world.operator({ type: 'host-drain-asked', host: one.host, deadlineMs: one.deadlineMs, who: 'test' });
        break;
      case 'kill': {
        const slot = assignedSlots(world.state.hosts[one.host]!, 'stream')[0];
        if (slot) world.operator({ type: 'edge-kill-asked', host: one.host, ...keyOf(slot), who: 'test' });
        break;
      }
      case 'edge':
        askOfEdge(world, one);
        break;
      case 'reconfigure':
        world.reconfigure(one.host, { capacity: one.capacity });
        break;
      case 'crowd':
        for (const name of withViewers(world.host(one.host))) world.host(one.host).crowd(name, one.clients);
        break;
      case 'round': {
        let next = 0;
        const before = assignedIn(world);
        const inHand = inHandIn(world);
        world.carryOut(world.plan(), () => one.fates[next++ % one.fates.length] ?? 'answered');
        assertNotMore(world, before);
        assert.ok(inHandIn(world) <= Math.max(inHand, world.state.spec?.spec.update?.maxParallel ?? 1));
        world.pass(one.ms);
        break;
      }
      case 'hear':
        old.set(one.host, world.host(one.host).heartbeat());
        world.hear(one.host);
        break;
      case 'old-heartbeat':
        world.hear(one.host, old.get(one.host));
        break;
      case 'tick':
        world.host(one.host).tick();
        break;
      case 'restart-pod':
        world.host(one.host).restartPod();
        break;
      case 'lose-pod':
        world.host(one.host).losePod();
        break;
      case 'restart-worker':
        world.host(one.host).epoch++;
        world.join(one.host);
        break;
      case 'give-up': {
        const [name] = withViewers(world.host(one.host));
        if (name) world.host(one.host).giveUp(name);
        break;
      }
      default:
        one satisfies never;
    }
  }
}

/** Without a deadline in every other slot, so that some of them are kills. */
function askOfEdge(world: World, one: Extract<Step, { do: 'edge' }>): void {
  const slots = world.state.hosts[one.host]?.slots ?? {};
  const slot = one.slot === HTTP_IN_STEPS ? slots['http-0'] : slots[`stream-${one.slot}`];
  if (!slot) return;
  const about = { host: one.host, ...keyOf(slot), who: 'test' };
  if (one.type === 'edge-undrain-asked') world.operator({ type: one.type, ...about });
  else world.operator({ type: one.type, ...about, deadlineMs: (one.slot % 2) * 60_000 });
}

/** The http edge first, where there is one. */
function withViewers(one: HostModel): string[] {
  return [...one.live('http'), ...one.live('stream')];
}

function keyOf({ role, slot, generation }: SlotState): Pick<SlotState, 'role' | 'slot' | 'generation'> {
  return { role, slot, generation };
}

/** Stream edges decided for each host that is not lost. */
function assignedIn(world: World): number[] {
  const present = hostsOf(world.state).filter((one) => one.liveness !== 'lost');
  return present.map((one) => assignedSlots(one, 'stream').length);
}

/** Whatever was decided, nowhere are more edges than are asked for, but those that were there before. */
function assertNotMore(world: World, before: readonly number[]): void {
  const asked = world.state.spec?.spec.edges;
  const after = assignedIn(world);
  if (!asked || after.length !== before.length) return;
  const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
  if ('total' in asked) assert.ok(sum(after) <= Math.max(asked.total, sum(before)), `${after} of ${asked.total}`);
  else for (const [index, count] of after.entries()) assert.ok(count <= Math.max(asked.perHost, before[index] ?? 0));
}

/** Edges that a rolling change has begun and not done with. */
export function inHandIn(world: World): number {
  const slots = hostsOf(world.state).flatMap((one) => slotsOf(one));
  return slots.filter(({ changing }) => changing !== null).length;
}

/** Every host takes edges again, as many as are wanted. */
export function reopen(world: World): void {
  for (const name of HOSTS) world.reconfigure(name, {});
  for (const name of HOSTS) world.operator({ type: 'host-undrain-asked', host: name, who: 'test' });
  for (const { host, slots } of hostsOf(world.state)) {
    for (const slot of Object.values(slots)) {
      if (slot.setAside) world.operator({ type: 'edge-undrain-asked', host, ...keyOf(slot), who: 'test' });
    }
  }
}
