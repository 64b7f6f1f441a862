import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCommandLine } from '@dolphin/cli/command-line.js';
import { LATER_VERBS } from '@dolphin/cli/verbs/not-yet.js';
import { DolphinError } from '@dolphin/protocol';

const api = 'http://127.0.0.1:33330';
const read = (line: string, env: NodeJS.ProcessEnv = {}) => readCommandLine(line.split(' '), env);

describe('the command line', () => {
  it('is read as a value with its defaults', () => {
    assert.deepEqual(read('status'), { api, json: false, verb: 'status', watch: false });
    assert.deepEqual(read('status --json --watch'), { api, json: true, verb: 'status', watch: true });
    assert.deepEqual(read('edges'), { api, json: false, verb: 'edges' });
    assert.deepEqual(read('hosts --json'), { api, json: true, verb: 'hosts' });
    assert.deepEqual(read('events'), { api, json: false, verb: 'events', after: undefined, limit: 200 });
    assert.deepEqual(read('events --after 7 --limit 3'), { api, json: false, verb: 'events', after: 7, limit: 3 });
    assert.deepEqual(read('apply -f farm.yaml --why more --if-match 4'), {
      ...{ api, json: false, verb: 'apply', file: 'farm.yaml', why: 'more', ifMatch: 4 },
    });
  });

  it('takes the master from --api, then from the environment', () => {
    const env = { DOLPHIN_API: 'http://10.0.0.1:1' };
    const apiOf = (asked: ReturnType<typeof read>) => ('api' in asked ? asked.api : null);
    assert.equal(apiOf(read('edges', env)), 'http://10.0.0.1:1');
    assert.equal(apiOf(read('--api http://10.0.0.2:2 edges', env)), 'http://10.0.0.2:2');
  });

  it('knows verbs that are going to be, with whatever follows them', () => {
    for (const name of LATER_VERBS) {
      assert.deepEqual(read(`${name} h1 --deadline 30s`), { api, json: false, verb: 'later', name });
    }
  });

  it('refuses flags that are going to be as that', () => {
    for (const line of ['status --source auto', 'events --follow', 'apply -f x --dry-run', 'apply -f x --wait']) {
      assert.throws(
        () => read(line),
        (error) => error instanceof DolphinError && error.code === 'E_NOT_YET',
        line,
      );
    }
  });
});
