import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSpec } from '@dolphin/master/domain/apply-rules.js';
import { assignedSlots } from '@dolphin/master/domain/farm-state.js';
import { farmView } from '@dolphin/master/domain/farm-view.js';
import { DolphinError } from '@dolphin/protocol';
import fc from 'fast-check';
import { specOf } from './host-model.js';
import { World } from './world.js';

const LOOPBACK = { origins: ['127.0.0.1:1935'] };
const ELSEWHERE = { origins: ['10.0.0.9:1935'] };

/** Hosts that have joined in this order, each from where it says it is. */
function farm(addresses: Readonly<Record<string, string | undefined>>): World {
  const world = new World(Object.keys(addresses));
  for (const [host, address] of Object.entries(addresses)) {
    const joined = { epoch: world.host(host).epoch, version: '0', rtmp: [19350], http: [8088] };
    world.fact(host, { type: 'host-joined', ...joined, ...(address !== undefined && { address }) });
  }
  world.elect();
  return world;
}

const edgesOn = (world: World, host: string) => assignedSlots(world.state.hosts[host]!, 'stream').length;
const viewOf = ({ state, observed, now }: World) =>
  farmView(state, observed, {
    ...{ farm: 'main', at: '2026-01-01T00:00:00.000Z', now, connected: true },
    master: { id: 'm', state: 'leader' },
  });
const isFar = (error: unknown) => error instanceof DolphinError && error.code === 'E_ORIGIN_LOOPBACK';

test('nothing is placed on a host at another address than the origin on loopback, and it is told so', () => {
  for (const first of ['127.0.0.1', '10.0.0.1']) {
    const world = farm({ h1: first, h2: '10.0.0.2' });
    world.apply({ perHost: 2 }, LOOPBACK);
    world.settle(10);
    assert.deepEqual([edgesOn(world, 'h1'), edgesOn(world, 'h2')], [2, 0]);
    const adopts = world.sent.flatMap(({ host, body }) => (body.type === 'adopt' ? [[host, body.problem?.code]] : []));
    assert.deepEqual(adopts.sort(), [
      ['h1', undefined],
      ['h2', 'E_ORIGIN_LOOPBACK'],
    ]);
    const message = 'the origin 127.0.0.1:1935 is on loopback, and host h2 is at 10.0.0.2';
    assert.deepEqual(viewOf(world).problems, [{ code: 'E_ORIGIN_LOOPBACK', message, host: 'h2' }]);
    world.apply({ total: 6 }, LOOPBACK);
    world.settle(10);
    assert.deepEqual([edgesOn(world, 'h1'), edgesOn(world, 'h2')], [6, 0]);
  }
});

test('hosts that are, or may be, where the origin is get edges', () => {
  for (const [h1, h2] of [
    ['127.0.0.1', '127.0.0.2'],
    ['10.0.0.1', '10.0.0.1'],
    [undefined, '10.0.0.2'],
    ['10.0.0.1', undefined],
    ['0.0.0.0', '10.0.0.2'],
  ]) {
    const world = farm({ h1, h2 });
    world.apply({ perHost: 1 }, LOOPBACK);
    world.settle(10);
    assert.deepEqual([edgesOn(world, 'h1'), edgesOn(world, 'h2'), viewOf(world).problems], [1, 1, undefined]);
  }
});

test('what a host has stays when it comes back from another address, and it gets edges again once it is back', () => {
  const world = farm({ h1: '127.0.0.1', h2: '127.0.0.2' });
  world.apply({ perHost: 1 }, LOOPBACK);
  world.settle(10);
  const join = (address: string) =>
    world.fact('h2', { type: 'host-joined', epoch: 1, version: '0', rtmp: [19350], http: [8088], address });
  join('10.0.0.2');
  world.apply({ perHost: 3 }, LOOPBACK);
  world.settle(10);
  assert.deepEqual([edgesOn(world, 'h1'), edgesOn(world, 'h2')], [3, 1]);
  join('127.0.0.2');
  world.settle(10);
  assert.equal(edgesOn(world, 'h2'), 3);
});

test('an origin on loopback is refused where a host is elsewhere; a farm that has one can be changed all the same', () => {
  const world = farm({ h1: '10.0.0.1', h2: '10.0.0.2' });
  assert.throws(() => checkSpec(world.state, specOf({ perHost: 1 }, LOOPBACK)), isFar);
  assert.throws(() => checkSpec(world.state, specOf({ perHost: 1 }, { origins: ['10.0.0.9:1', '[::1]:1935'] })), isFar);
  checkSpec(world.state, specOf({ perHost: 1 }, ELSEWHERE));
  world.apply({ perHost: 1 }, LOOPBACK);
  checkSpec(world.state, specOf({ perHost: 4 }, LOOPBACK));
});

const address = fc.option(fc.constantFrom('127.0.0.1', '127.0.0.2', '10.0.0.1', '10.0.0.2', '0.0.0.0'), {
  nil: undefined,
});

test('an edge is only ever decided for a host that may reach the origins', () => {
  fc.assert(
    fc.property(
      address,
      address,
      address,
      fc.boolean(),
      fc.integer({ min: 1, max: 6 }),
      (h1, h2, h3, isTotal, count) => {
        const world = farm({ h1, h2, h3 });
        world.apply(isTotal ? { total: count } : { perHost: count }, LOOPBACK);
        const known = (of: string | undefined) => of !== undefined && of !== '0.0.0.0';
        const place = (of: string | undefined) => of?.replace(/^127.*/, 'loopback');
        world.settle(15);
        for (const [host, of] of Object.entries({ h2, h3 })) {
          const isElsewhere = known(h1) && known(of) && place(of) !== place(h1);
          if (isElsewhere) assert.equal(edgesOn(world, host), 0, host);
        }
      },
    ),
    { numRuns: 60 },
  );
});
