import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleSpec } from '@dolphin/launcher/domain/example-spec.js';
import { layoutOf } from '@dolphin/launcher/domain/layout.js';
import { FarmSpec } from '@dolphin/protocol';
import { parse } from 'yaml';

test('a farm on the default ports needs no specification of its own', () => {
  assert.equal(exampleSpec(layoutOf({ listen: undefined, portBase: undefined, ports: {} })), null);
});

test('a farm on other ports gets a specification with those, which the farm accepts as a change of edges alone', () => {
  const layout = layoutOf({ listen: undefined, portBase: 15000, ports: {} });
  const spec = FarmSpec.parse(parse(exampleSpec(layout) ?? ''));
  assert.deepEqual(spec, {
    edges: { perHost: 8 },
    engine: 'builtin',
    origins: [`127.0.0.1:${layout.ports.origin}`],
    ports: layout.edgePorts,
  });
});

test('another origin port alone is reason enough', () => {
  assert.match(
    exampleSpec(layoutOf({ listen: undefined, portBase: undefined, ports: { origin: 2935 } })) ?? '',
    /127\.0\.0\.1:2935/,
  );
});
