import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { POD_NAMES_NAME } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { freePorts } from '../support/ports.js';
import { fakeBinary, startPod } from './pod-support/test-pod.js';

describe('a pod that runs', () => {
  it('learns names of engines and confs, and renders the conf that is named, as it is at each change', async (t) => {
    const pod = await startPod(t, { engines: (dir) => [`fake=${fakeBinary(dir)}`] });
    const conf = join(pod.dir, 'fast.conf');
    const write = (queueLength: number) =>
      writeFileSync(conf, `vhost __defaultVhost__ { play { queue_length ${queueLength}; } }\n`);
    const edge = await pod.edge(0, { engine: 'second', conf: { name: 'fast', revision: 1 } });
    const told = async (over: Partial<typeof edge>) => {
      const reply = await pod.command({ type: 'spawn', edge: { ...edge, ...over } });
      return reply.result === 'refused' ? reply.code : reply.result;
    };
    const ready = async (generation: number) => {
      const row = await eventually(
        async () => (await pod.state()).edges.find((one) => one.generation === generation && one.state === 'ready'),
        { what: `generation ${generation} is ready` },
      );
      return [row.conf, readFileSync(join(pod.runDir, 'edges', row.name ?? '', 'edge.conf'), 'utf8')] as const;
    };

    assert.equal(await told({}), 'E_ENGINE_UNKNOWN');
    assert.equal(await told({ engine: 'fake' }), 'E_CONF_UNKNOWN');
    write(7);
    const names = join(pod.runDir, POD_NAMES_NAME);
    writeFileSync(names, JSON.stringify({ engines: { second: fakeBinary(pod.dir) }, confs: { fast: conf } }));
    assert.equal(await told({}), 'accepted');
    const [first, rendered] = await ready(1);
    assert.deepEqual(first, { name: 'fast', revision: 1 });
    assert.match(rendered, /queue_length 7;/);

    // What is no file of names changes nothing.
    writeFileSync(names, '{');
    write(9);
    assert.equal(await told({ generation: 1, conf: { name: 'fast', revision: 2 } }), 'E_GENERATION_STALE');
    const [rtmp = 0, http = 0, api = 0] = await freePorts(3);
    const next = { generation: 2, conf: { name: 'fast', revision: 2 }, ports: { rtmp, http, api } };
    assert.equal(await told(next), 'accepted');
    const [second, changed] = await ready(2);
    assert.deepEqual(second, { name: 'fast', revision: 2 });
    assert.match(changed, /queue_length 9;/);
    await pod.process().printed(/names\.json.*cannot be read|cannot be read: the names/);
  });
});
