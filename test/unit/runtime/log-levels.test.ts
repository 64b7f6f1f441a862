import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { levelOf, readLogLevels, withoutSecrets } from '@dolphin/runtime';

describe('log levels', () => {
  it('are one for all, and others for single components and their parts', () => {
    const levels = readLogLevels('warn, master=info,master.reconcile=debug');
    const of = (component: string) => levelOf(levels, component);
    assert.deepEqual(['pod', 'master', 'master.api', 'master.reconcile', 'masters'].map(of), [
      'warn',
      'info',
      'info',
      'debug',
      'warn',
    ]);
    assert.deepEqual(levels.unknown, []);
  });

  it('are info where nothing is asked, and name what they cannot read', () => {
    assert.equal(levelOf(readLogLevels(''), 'pod'), 'info');
    const levels = readLogLevels('loud,pod=,=debug,edge=debug');
    assert.deepEqual(levels.unknown, ['loud', 'pod=', '=debug']);
    assert.deepEqual([levelOf(levels, 'pod'), levelOf(levels, 'edge')], ['info', 'debug']);
  });
});

describe('a line without secrets', () => {
  it('has no user and no password in its URLs, however they are written', () => {
    const lines = {
      'nats://master:s3cret@10.0.0.1:4222': 'nats://[redacted]@10.0.0.1:4222',
      '{"servers":["nats://a:s3cret@h1:1","nats://b:s3cret@h2:2"]}':
        '{"servers":["nats://[redacted]@h1:1","nats://[redacted]@h2:2"]}',
      'redis://:s3cret@localhost': 'redis://[redacted]@localhost',
      'nats://s3cret@h1': 'nats://[redacted]@h1',
      'nats://u:s3@cret@h1': 'nats://[redacted]@h1',
      'Authorization: Bearer s3cret.x-y_z==': 'Authorization: Bearer [redacted]',
    };
    for (const [line, hidden] of Object.entries(lines)) assert.equal(withoutSecrets(line), hidden);
  });

  it('keeps what is none', () => {
    for (const line of ['http://127.0.0.1:33330/api/v1/farm?who=a@b', 'rtmp://h/live/x mail a@b.c', 'bearer']) {
      assert.equal(withoutSecrets(line), line);
    }
  });
});
