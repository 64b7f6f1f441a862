import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeRefusedJoin, judgeTail, type LogTail, nextEpoch } from '@dolphin/worker/domain/epoch-rules.js';

const tail = (o: Partial<LogTail> = {}): LogTail => ({ sequence: 10, messageId: 'mine', epoch: 3, upTo: 5, ...o });
const own = { sequence: 10, messageId: 'mine', epoch: 3 };

describe('the epoch of a worker', () => {
  it('is the first when the log has nothing of its host', () => {
    assert.equal(nextEpoch(null, 0), 1);
  });

  it('is above that of the log, and above its own when the log forgot it', () => {
    assert.equal(nextEpoch(tail({ epoch: 7 }), 0), 8);
    assert.equal(nextEpoch(tail({ epoch: 2 }), 5), 6);
    assert.equal(nextEpoch(null, 5), 6);
  });
});

describe('the tail of the log', () => {
  it('is ours when it is our last append, or the one whose outcome is open', () => {
    assert.equal(judgeTail(own, null, tail()), 'same');
    assert.equal(judgeTail(own, 'open', tail({ sequence: 12, messageId: 'open' })), 'same');
  });

  it('of a later epoch is another worker', () => {
    assert.equal(judgeTail(own, null, tail({ sequence: 12, messageId: 'theirs', epoch: 4 })), 'foreign');
    assert.equal(judgeTail(own, null, tail({ sequence: 8, messageId: 'theirs', epoch: 4 })), 'foreign');
  });

  it('of our epoch and newer, but not ours, is somebody who takes our name', () => {
    assert.equal(judgeTail(own, null, tail({ sequence: 12, messageId: 'theirs' })), 'foreign');
  });

  it('that is older than what was acknowledged to us has lost something', () => {
    assert.equal(judgeTail(own, null, null), 'lost-tail');
    assert.equal(judgeTail(own, 'open', tail({ sequence: 9, messageId: 'before' })), 'lost-tail');
    assert.equal(judgeTail(own, null, tail({ sequence: 4, messageId: 'old', epoch: 2 })), 'lost-tail');
    assert.equal(judgeTail(own, null, tail({ sequence: 10, messageId: 'another' })), 'lost-tail');
  });
});

describe('a refused host-joined', () => {
  it('is tried again when an append of a life before came late', () => {
    assert.equal(judgeRefusedJoin(4, tail({ epoch: 3 })), 'again');
    assert.equal(judgeRefusedJoin(4, null), 'again');
  });

  it('means another worker when that joined with this epoch or a later one', () => {
    assert.equal(judgeRefusedJoin(4, tail({ epoch: 4 })), 'foreign');
    assert.equal(judgeRefusedJoin(4, tail({ epoch: 5 })), 'foreign');
  });
});
