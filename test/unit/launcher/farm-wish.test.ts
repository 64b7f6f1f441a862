import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wishedSpec } from '@dolphin/launcher/domain/farm-wish.js';
import { layoutOf } from '@dolphin/launcher/domain/layout.js';
import { FarmSpec } from '@dolphin/protocol';

/** What a bare `up` says. */
const NOTHING = { edges: undefined, hls: undefined };
const layout = layoutOf({ listen: undefined, portBase: undefined, ports: {} });
const first = FarmSpec.parse({ edges: { perHost: 4 }, origins: ['127.0.0.1:1935'] });

test('a farm without a specification gets four edges and the origin of this machine', () => {
  assert.deepEqual(wishedSpec(null, NOTHING, layout), first);
});

test('a farm that is as it should be is left alone', () => {
  assert.equal(wishedSpec(first, NOTHING, layout), null);
});

test('what the operator applied is kept, also when up is started again', () => {
  assert.equal(wishedSpec({ ...first, edges: { perHost: 8 } }, NOTHING, layout), null);
  assert.equal(wishedSpec({ ...first, edges: { total: 6 } }, NOTHING, layout), null);
});

test('--edges goes before what was applied', () => {
  assert.deepEqual(wishedSpec({ ...first, edges: { perHost: 8 } }, { ...NOTHING, edges: 2 }, layout)?.edges, {
    perHost: 2,
  });
});

test('--edges keeps how edges are counted, and the labels of their hosts', () => {
  const on = { zone: 'a' };
  assert.deepEqual(wishedSpec({ ...first, edges: { total: 6, on } }, { ...NOTHING, edges: 2 }, layout)?.edges, {
    total: 2,
    on,
  });
  assert.deepEqual(wishedSpec({ ...first, edges: { perHost: 6, on } }, { ...NOTHING, edges: 2 }, layout)?.edges, {
    perHost: 2,
    on,
  });
});

test('other ports on the command line are applied', () => {
  const moved = layoutOf({ listen: undefined, portBase: 21_000, ports: {} });
  const spec = wishedSpec(first, NOTHING, moved);
  assert.deepEqual(spec?.ports, moved.edgePorts);
  assert.deepEqual(spec?.origins, ['127.0.0.1:21005']);
});

test("an operator's origin elsewhere is not replaced by ours", () => {
  assert.equal(wishedSpec({ ...first, origins: ['origin.example:1935'] }, NOTHING, layout), null);
});

test('what up does not know of is kept when it applies something else', () => {
  const kept = { ...first, drainDeadlineMs: 1_000 };
  assert.equal(wishedSpec(kept, NOTHING, layout), null);
  assert.equal(wishedSpec(kept, { ...NOTHING, edges: 2 }, layout)?.drainDeadlineMs, 1_000);
});

test('an origin of this machine moves with the address that up listens on; any other stays', () => {
  const open = layoutOf({ listen: '10.0.0.1', portBase: undefined, ports: {} });
  assert.deepEqual(wishedSpec(first, NOTHING, open)?.origins, ['10.0.0.1:1935']);
  const moved = { ...first, origins: ['10.0.0.1:1935'] };
  assert.equal(wishedSpec(moved, NOTHING, open, '10.0.0.1'), null);
  const again = layoutOf({ listen: '10.0.0.7', portBase: undefined, ports: {} });
  assert.deepEqual(wishedSpec(moved, NOTHING, again, '10.0.0.1')?.origins, ['10.0.0.7:1935']);
  assert.equal(wishedSpec(moved, NOTHING, again), null);
});

test('--hls is kept over a second up, until --no-hls', () => {
  const asked = wishedSpec(null, { edges: 2, hls: true }, layout);
  assert.deepEqual(asked?.edges, { perHost: 2, http: 1 });
  assert.equal(wishedSpec(asked, NOTHING, layout), null);
  assert.deepEqual(wishedSpec(asked, { ...NOTHING, edges: 3 }, layout)?.edges, { perHost: 3, http: 1 });
  assert.deepEqual(wishedSpec(asked, { ...NOTHING, hls: false }, layout)?.edges, { perHost: 2 });
  assert.equal(wishedSpec(first, { ...NOTHING, hls: false }, layout), null);
});
