import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { MasterConfig } from '@dolphin/master/config.js';
import { loadPodConfig } from '@dolphin/pod/config.js';
import { FarmSpec } from '@dolphin/protocol';
import { loadConfig } from '@dolphin/runtime';
import { WorkerConfig } from '@dolphin/worker/config.js';
import { fromRoot } from '../support/paths.js';

const read = (schema: Parameters<typeof loadConfig>[0]['schema'], file?: string, flags = {}) =>
  loadConfig({ schema, file, envPrefix: 'DOLPHIN_', env: {}, flags });

/** What each shipped file means, and what it must mean: the defaults, where there are any. */
const SHIPPED: Readonly<Record<string, (file: string) => readonly [unknown, unknown]>> = {
  'master.yaml': (file) => [read(MasterConfig, file), read(MasterConfig)],
  'worker.yaml': (file) => [read(WorkerConfig, file), read(WorkerConfig)],
  'pod.yaml': (file) => [loadPodConfig(file, {}), loadPodConfig(undefined, {})],
  // A specification has no default origin and size.
  'farm.yaml': (file) => {
    const stands = { edges: { perHost: 8 }, origins: ['127.0.0.1:1935'] };
    return [read(FarmSpec, file), FarmSpec.parse(stands)];
  },
};

test('every conf/*.yaml parses, and says the defaults', () => {
  const files = readdirSync(fromRoot('conf')).filter((name) => name.endsWith('.yaml'));
  assert.deepEqual(files.sort(), Object.keys(SHIPPED).sort());
  for (const [name, mean] of Object.entries(SHIPPED)) {
    const [is, must] = mean(fromRoot(`conf/${name}`));
    assert.deepEqual(is, must, name);
  }
});
