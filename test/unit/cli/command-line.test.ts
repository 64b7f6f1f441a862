import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCommandLine } from '@dolphin/cli/command-line.js';

const said = { apis: null, dir: null, tokenFile: null, nats: null, farm: null, credentials: null };
const read = (line: string, env: NodeJS.ProcessEnv = {}) => readCommandLine(line.split(' '), env);

describe('the command line', () => {
  it('is read as a value with its defaults', () => {
    assert.deepEqual(read('status'), { ...said, json: false, verb: 'status', watch: false, source: 'auto' });
    assert.deepEqual(read('status --json --watch'), {
      ...said,
      json: true,
      verb: 'status',
      watch: true,
      source: 'auto',
    });
    assert.deepEqual(read('edges'), { ...said, json: false, verb: 'edges' });
    assert.deepEqual(read('hosts --json'), { ...said, json: true, verb: 'hosts' });
    assert.deepEqual(read('events'), {
      ...said,
      json: false,
      verb: 'events',
      after: undefined,
      limit: 200,
      follow: false,
    });
    assert.deepEqual(read('events --after 7 --limit 3'), {
      ...said,
      json: false,
      verb: 'events',
      after: 7,
      limit: 3,
      follow: false,
    });
    assert.deepEqual(read('apply -f farm.yaml --why more --if-match 4'), {
      ...{ ...said, json: false, verb: 'apply', file: 'farm.yaml', why: 'more', ifMatch: 4 },
      ...{ dryRun: false, waitMs: null },
    });
  });

  it('takes the master from --api, then from the environment', () => {
    const env = { DOLPHIN_API: 'http://10.0.0.1:1' };
    const apisOf = (asked: ReturnType<typeof read>) => ('apis' in asked ? asked.apis : null);
    assert.deepEqual(apisOf(read('edges', env)), ['http://10.0.0.1:1']);
    assert.deepEqual(apisOf(read('--api http://10.0.0.2:2,http://10.0.0.4:4 edges', env)), [
      ...['http://10.0.0.2:2', 'http://10.0.0.4:4'],
    ]);
  });
});
