import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessProblem, rightNeeded } from '@dolphin/master/domain/access-rules.js';
import { checkSpec } from '@dolphin/master/domain/apply-rules.js';
import { farmProblem } from '@dolphin/master/domain/farm-identity.js';
import { planShort, sitesOf } from '@dolphin/master/domain/placement.js';
import { sameJson } from '@dolphin/master/domain/same-json.js';
import { isLocalHost, parseListen } from '@dolphin/master/http/listen-address.js';
import { DolphinError, type ErrorCode, FarmSpec, UpdatePolicy } from '@dolphin/protocol';
import { specOf } from './host-model.js';
import { World } from './world.js';

const refusal = (code: ErrorCode, pattern: RegExp) => (error: unknown) =>
  error instanceof DolphinError && error.code === code && pattern.test(error.message);

function farm(): World {
  const world = new World(['h1']);
  world.elect();
  world.apply({ perHost: 2 });
  world.settle(10);
  return world;
}

test('counts of a running farm may change', () => {
  checkSpec(farm().state, specOf({ perHost: 8 }));
  checkSpec(farm().state, specOf({ perHost: 0 }));
  checkSpec(farm().state, specOf({ total: 5 }));
});

test('engine, ports and origins of running edges may change; not the port that the others of a host pull from', () => {
  const { state } = farm();
  const spec = (more: Partial<FarmSpec>) => () => checkSpec(state, specOf({ perHost: 2 }, more));
  const { ports } = state.spec!.spec;
  spec({ engine: 'srs5', origins: ['10.0.0.1:1935'], ports: { ...ports, streamRtmp: 2936 } })();
  spec({ ports: { ...ports, backSourceApi: 33_330 - 1 }, update: UpdatePolicy.parse({}) })();
  assert.throws(
    spec({ ports: { ...ports, backSourceRtmp: 11_936 } }),
    refusal('E_NOT_YET', /change of ports\.backSourceRtmp while edges run \(now 11935;/),
  );
});

test('edges are not sent to ports that another one still has', () => {
  const { state } = farm();
  const ports = { ...state.spec!.spec.ports, streamRtmp: 1937 };
  assert.throws(
    () => checkSpec(state, specOf({ perHost: 2 }, { ports })),
    refusal('E_SPEC_INVALID', /port 1937, of stream-0 to be, is stream-1's as long as that runs: take ports/),
  );
  checkSpec(farm().state, specOf({ perHost: 2 }, { ports: { ...ports, streamRtmp: 1938 } }));
});

test('with no edge there, everything may change', () => {
  const world = farm();
  world.apply({ perHost: 0 });
  world.settle(10);
  checkSpec(world.state, specOf({ perHost: 2 }, { engine: 'srs5', origins: ['10.0.0.1:1935'] }));
});

test('a farm that is to have no edges may change everything, whatever it has now', () => {
  const { state } = farm();
  const ports = { ...state.spec!.spec.ports, streamRtmp: 2936 };
  for (const edges of [{ perHost: 0 }, { total: 0 }]) {
    checkSpec(state, specOf(edges, { engine: 'srs5', origins: ['10.0.0.1:1935'], ports }));
  }
});

test('edges that are on their way out end as what they were, and the next ones are what is asked for', () => {
  const world = farm();
  world.apply({ perHost: 0 }, { engine: 'srs5' });
  world.settle(10);
  assert.deepEqual(world.host().live('stream'), []);
  world.apply({ perHost: 1 }, { engine: 'srs5' });
  world.second();
  const { slots } = world.state.hosts['h1']!;
  assert.deepEqual([slots['stream-0']?.engine, slots['back-source-0']?.engine], ['srs5', 'srs5']);
});

test('an origin whose port is none is refused by its name', () => {
  const { state } = new World(['h1']);
  for (const origin of ['o:0', 'o:65536', '[::1]:99999']) {
    const spec = specOf({ perHost: 1 }, { origins: ['o:65535', origin] });
    assert.throws(() => checkSpec(state, spec), refusal('E_SPEC_INVALID', /has no port/), origin);
  }
});

test('ports that would be used twice are refused with their numbers and both users', () => {
  const { state } = new World(['h1']);
  const ports = FarmSpec.parse({ edges: { perHost: 1 }, origins: ['o:1'], ports: { streamApi: 18_084 } }).ports;
  assert.throws(
    () => checkSpec(state, specOf({ perHost: 4 }, { ports })),
    refusal('E_SPEC_INVALID', /port 18084 would be used twice: by stream-0 \(API\) and stream-3 \(HTTP\)/),
  );
  checkSpec(state, specOf({ perHost: 3 }, { ports }));
});

test("a host's public ports are not given to an edge", () => {
  const { state } = new World(['h1']);
  const ports = FarmSpec.parse({ edges: { perHost: 1 }, origins: ['o:1'], ports: { streamRtmp: 19_349 } }).ports;
  assert.throws(
    () => checkSpec(state, specOf({ perHost: 2 }, { ports })),
    refusal('E_SPEC_INVALID', /19350 would be used twice: by the clients \(RTMP\) and stream-1 \(RTMP\)/),
  );
});

test('ports that do not exist are refused with the edge that would need them', () => {
  const { state } = new World(['h1']);
  const ports = FarmSpec.parse({ edges: { perHost: 1 }, origins: ['o:1'], ports: { streamApi: 65_534 } }).ports;
  checkSpec(state, specOf({ perHost: 2 }, { ports }));
  const above = /with 3 stream edges on a host, stream-2 \(API\) would need port 65536, and 65535 is the last$/;
  assert.throws(() => checkSpec(state, specOf({ perHost: 3 }, { ports })), refusal('E_SPEC_INVALID', above));
});

test('a total that does not fit is said once', () => {
  const world = new World(['h1']);
  world.elect();
  world.apply({ total: 100 });
  for (let second = 0; second < 6; second++) world.second();
  assert.deepEqual(world.state.short, { specVersion: 1, asked: 100, placed: 64 });
  assert.equal(world.host().live('stream').length, 64);
  assert.equal(planShort(world.state, sitesOf(world.state, world.observed, 1)), null);
});

test('two specifications are the same whatever the order of their fields', () => {
  assert.ok(sameJson({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1, d: undefined }));
  for (const [a, b] of [
    [{ a: 1 }, { a: 2 }],
    [[1], [1, 2]],
    [{ a: [] }, { a: {} }],
    [null, {}],
    [{ a: 1 }, { a: 1, b: 1 }],
  ]) {
    assert.equal(sameJson(a, b), false, JSON.stringify([a, b]));
  }
});

test('a log that is gone, empty or of another farm is told apart from a farm that is new', () => {
  const known = { farmId: 'a' };
  const is = (one: Parameters<typeof farmProblem>[0]) => {
    const problem = farmProblem(one);
    return typeof problem === 'object' && problem !== null ? problem.code : problem;
  };
  assert.equal(is({ known: null, farm: null, hasStream: false, isCaughtUp: false }), null);
  assert.equal(is({ known: null, farm: null, hasStream: true, isCaughtUp: true }), null);
  assert.equal(is({ known, farm: known, hasStream: true, isCaughtUp: false }), null);
  assert.equal(is({ known, farm: null, hasStream: true, isCaughtUp: false }), 'unclear');
  assert.equal(is({ known, farm: null, hasStream: true, isCaughtUp: true }), 'E_LOG_LOST');
  assert.equal(is({ known, farm: known, hasStream: false, isCaughtUp: false }), 'E_LOG_LOST');
  assert.equal(is({ known, farm: { farmId: 'b' }, hasStream: true, isCaughtUp: true }), 'E_FARM_MISMATCH');
});

test('only loopback addresses are listened on, while there are no tokens', () => {
  assert.deepEqual(parseListen('127.0.0.1:33330', false), { host: '127.0.0.1', port: 33330 });
  assert.deepEqual(parseListen('[::1]:1', false), { host: '::1', port: 1 });
  assert.deepEqual(parseListen('localhost:0', false), { host: 'localhost', port: 0 });
  for (const other of ['0.0.0.0:1', '10.0.0.1:1', '[::]:1', 'example.org:1', '127.0.0.1.example.org:1']) {
    assert.throws(() => parseListen(other, false), refusal('E_CONFIG', /tokens/), other);
    assert.equal(parseListen(other, true).port, 1);
  }
  for (const bad of ['127.0.0.1', ':1', '127.0.0.1:x', '127.0.0.1:70000', '']) {
    assert.throws(() => parseListen(bad, false), refusal('E_CONFIG', /ADDRESS:PORT/), bad);
  }
});

test('a request needs what its method does, and a token gives what stands beside it', () => {
  assert.deepEqual(
    [
      rightNeeded('GET', '/healthz'),
      rightNeeded('POST', '/readyz'),
      rightNeeded('HEAD', '/x'),
      rightNeeded('DELETE', '/api/v1/hosts/h1'),
      rightNeeded('OPTIONS', '/api/v1/farm'),
    ],
    [null, null, 'read', 'operate', 'operate'],
  );
  const asked = [
    '/plan',
    '/apply?dryRun=1',
    '/apply?dryRun=true',
    '/apply',
    '/apply?dryRun=0',
    '/apply?dryRun=1&dryRun=0',
  ];
  assert.deepEqual(
    [...asked, '/plan/x', '/apply?x=1?dryRun=1'].map((path) => rightNeeded('POST', `/api/v1${path}`)),
    ['read', 'read', 'read', 'operate', 'operate', 'operate', 'operate', 'operate'],
  );
  assert.equal(rightNeeded('GET', '/healthz?x'), null);
  for (const needed of [null, 'read', 'operate'] as const) {
    const codes = (['none', 'unknown', 'read', 'operate'] as const).map((held) => accessProblem(needed, held)?.code);
    const unauthorized = needed === null ? undefined : 'E_UNAUTHORIZED';
    const forbidden = needed === 'operate' ? 'E_FORBIDDEN' : undefined;
    assert.deepEqual(codes, [unauthorized, unauthorized, forbidden, undefined]);
  }
});

test('a request that names another machine as its host is told apart from one that names this one', () => {
  for (const host of ['127.0.0.1:33330', 'localhost:33330', 'LOCALHOST', '[::1]:33330', '127.0.0.2', undefined]) {
    assert.ok(isLocalHost(host), host);
  }
  for (const host of [
    'evil.example:33330',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '',
    'a b',
  ]) {
    assert.equal(isLocalHost(host), false, host);
  }
});
