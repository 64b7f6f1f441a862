import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApplyRequest, FarmSpec, type FarmView } from '@dolphin/protocol';
import type { TestScope } from '../support/cleanup.js';
import { fromRoot } from '../support/paths.js';
import { farmView } from '../unit/cli/samples.js';
import { type Answer, cli, fakeMaster, refusal } from './cli-support/fake-farm.js';

const FARM_YAML = fromRoot('conf/farm.yaml');
const totals = (ready: number) => ({ ...farmView().totals, ready });

/** A master whose farm is one view after another; the last one stays. */
function masterOf(
  t: TestScope,
  views: readonly (FarmView | Answer)[],
  apply?: (body: string) => Answer,
): Promise<string> {
  let asked = 0;
  return fakeMaster(t, {
    'GET /api/v1/farm': () => {
      const view = views[Math.min(asked++, views.length - 1)];
      return view !== undefined && 'farm' in view ? { body: view } : (view ?? null);
    },
    ...(apply && { 'POST /api/v1/apply': ({ body }) => apply(body) }),
  });
}

test('wait ends when it is so, over a moment in which the master does not know', async (t) => {
  const views = [farmView({ totals: totals(1) }), refusal('E_NO_LEADER', 'none'), farmView({ totals: totals(2) })];
  const words = await cli(t, await masterOf(t, views), 'wait', '--for', 'ready>=2,settled');
  assert.deepEqual([words.code, words.stdout, words.stderr], [0, 'ready 2, settled true\n', '']);
  const json = await cli(t, await masterOf(t, views), 'wait', '--for', 'ready>=2', '--json');
  const { waitedMs, ...rest } = JSON.parse(json.stdout);
  assert.deepEqual(rest, { schema: 'dolphin.wait/1', for: 'ready>=2', values: { ready: 2 } });
  assert.equal(typeof waitedMs, 'number');
});

test('what does not become so in time is E_WAIT_TIMEOUT, exit 75, with how it is', async (t) => {
  const args = ['wait', '--for', 'ready>=6', '--timeout', '400ms'];
  const { code, stdout, stderr } = await cli(t, await masterOf(t, [farmView()]), ...args);
  assert.deepEqual([code, stdout], [75, '']);
  assert.equal(stderr, 'dolphin-cli: E_WAIT_TIMEOUT: ready>=6 (at last: ready 2) was not so within 400 ms\n');
  const nobody = await cli(t, 'http://127.0.0.1:9', ...args);
  assert.equal(nobody.code, 75);
  assert.match(nobody.stderr, /E_WAIT_TIMEOUT: .*ECONNREFUSED/);
});

test('scale changes the number alone, and only of the specification that it read', async (t) => {
  const asked: unknown[] = [];
  const view = farmView();
  const master = await fakeMaster(t, {
    'GET /api/v1/farm': () => ({ body: view }),
    'POST /api/v1/apply': ({ body, headers }) => {
      asked.push([ApplyRequest.parse(JSON.parse(body)).spec, headers['if-match']]);
      return { body: { changed: true, specVersion: 3, sequence: 41 } };
    },
  });
  const { code, stdout } = await cli(t, master, 'scale', '6');
  assert.deepEqual([code, stdout], [0, 'applied: spec version 3, sequence 41\n']);
  assert.deepEqual(asked, [[FarmSpec.parse({ ...view.spec, edges: { perHost: 6 } }), '"2"']]);
});

test('scale reads once more when somebody applied meanwhile, and then gives up', async (t) => {
  let applies = 0;
  const changed = refusal('E_SPEC_CHANGED', 'the farm is at spec version 3, not 2');
  const once = await masterOf(t, [farmView()], () =>
    ++applies === 1 ? changed : { body: { changed: true, specVersion: 4, sequence: 42 } },
  );
  assert.equal((await cli(t, once, 'scale', '6', '--total')).code, 0);
  assert.equal(applies, 2);
  const always = await masterOf(t, [farmView()], () => changed);
  const { code, stderr } = await cli(t, always, 'scale', '6');
  assert.equal(code, 75);
  assert.match(stderr, /E_SPEC_CHANGED/);
});

test('before anything was applied there is nothing to scale; exit 65', async (t) => {
  const { code, stderr } = await cli(t, await masterOf(t, [farmView({ spec: null })]), 'scale', '6');
  assert.equal(code, 65);
  assert.match(stderr, /E_SPEC_INVALID: .*nothing has been applied yet/);
});

test('apply --wait ends when the farm is what was applied, not what it was before', async (t) => {
  const views = [farmView(), farmView({ specVersion: 3, settled: false }), farmView({ specVersion: 3 })];
  const stored = () => ({ body: { changed: true, specVersion: 3, sequence: 41 } });
  const words = await cli(t, await masterOf(t, views, stored), 'apply', '-f', FARM_YAML, '--wait');
  assert.equal(words.code, 0, words.stderr);
  assert.equal(words.stderr, 'dolphin-cli: applied: spec version 3, sequence 41\n');
  assert.equal(words.stdout, 'settled: spec version 3, 2 of 2 stream edges are ready\n');
  const json = await cli(t, await masterOf(t, views, stored), 'apply', '-f', FARM_YAML, '--wait', '--json');
  const expected = { schema: 'dolphin.apply/1', changed: true, specVersion: 3, sequence: 41, settled: true };
  assert.deepEqual(JSON.parse(json.stdout), expected);
});

test('apply --wait does not wait for an update that stopped; exit 75', async (t) => {
  const update = {
    specVersion: 3,
    state: 'stopped',
    edges: 4,
    done: 1,
    why: 'stream-0 of h1 did not become ready',
  } as const;
  const views = [farmView({ specVersion: 3, settled: false, update })];
  const master = await masterOf(t, views, () => ({ body: { changed: true, specVersion: 3, sequence: 41 } }));
  const { code, stderr } = await cli(t, master, 'apply', '-f', FARM_YAML, '--wait');
  assert.equal(code, 75);
  assert.match(stderr, /E_UPDATE_STOPPED: the update to spec 3 stopped: stream-0 of h1 did not become ready/);
});

test('plan, and apply --dry-run, show what would be done, and apply nothing', async (t) => {
  const steps = [{ action: 'assign', host: 'h1', role: 'stream', slot: 2, why: 'perHost is 8' }];
  const answer = { specVersion: 2, differences: [{ field: 'edges.perHost', from: 2, to: 8 }], steps };
  const asked: unknown[] = [];
  const master = await fakeMaster(t, {
    'POST /api/v1/plan': ({ body }) => {
      asked.push(JSON.parse(body).spec.edges);
      return { body: answer };
    },
  });
  for (const verb of [['plan'], ['apply', '--dry-run']]) {
    const words = await cli(t, master, ...verb, '-f', FARM_YAML);
    assert.match(words.stdout, /^assign +h1 +stream-2 +perHost is 8$/m, words.stderr);
    const json = await cli(t, master, ...verb, '-f', FARM_YAML, '--json');
    assert.deepEqual([json.code, JSON.parse(json.stdout)], [0, { schema: 'dolphin.plan/1', ...answer }]);
  }
  assert.deepEqual(asked[0], { perHost: 8 });
});
