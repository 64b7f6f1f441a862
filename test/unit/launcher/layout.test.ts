import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Layout,
  layoutOf,
  layoutProblems,
  MAX_EDGES_IN_BLOCK,
  PORT_BLOCK,
} from '@dolphin/launcher/domain/layout.js';
import { edgePorts, portConflicts } from '@dolphin/protocol';

const takenBy = ({ ports }: Layout) => new Map(Object.entries(ports).map(([name, port]) => [port, name]));

test('without flags the ports are those of the documentation, and none is asked for twice', () => {
  const layout = layoutOf({ listen: undefined, portBase: undefined, ports: {} });
  assert.deepEqual(layout.ports, {
    rtmp: 19350,
    http: 8088,
    nats: 14222,
    redis: 16379,
    api: 33330,
    origin: 1935,
    originHttp: 18080,
    originApi: 11985,
  });
  assert.deepEqual(layoutProblems(layout), []);
  assert.deepEqual(portConflicts(layout.edgePorts, { stream: 64, http: 1 }, takenBy(layout)), []);
});

test('a block holds everything, with as many edges as it allows', () => {
  const base = 21_000;
  const layout = layoutOf({ listen: undefined, portBase: base, ports: {} });
  assert.deepEqual(portConflicts(layout.edgePorts, { stream: MAX_EDGES_IN_BLOCK, http: 1 }, takenBy(layout)), []);
  const last = edgePorts(layout.edgePorts, { role: 'stream', slot: MAX_EDGES_IN_BLOCK - 1 });
  for (const port of [...Object.values(layout.ports), ...Object.values(last)]) {
    assert.ok(port >= base && port < base + PORT_BLOCK, `${port} is outside of the block`);
  }
});

test('a single port goes before the block, and a clash is named with both its users', () => {
  const layout = layoutOf({ listen: undefined, portBase: 21_000, ports: { nats: 4222 } });
  assert.equal(layout.ports.nats, 4222);
  assert.deepEqual(layoutProblems(layoutOf({ listen: undefined, portBase: undefined, ports: { http: 19350 } })), [
    'port 19350 is asked for twice: rtmp and http',
  ]);
  assert.deepEqual(layoutProblems(layoutOf({ listen: undefined, portBase: undefined, ports: { http: 0 } })), [
    'http: there is no port 0',
  ]);
});
