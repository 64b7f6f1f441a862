import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerLag, watchWrite } from '@dolphin/edge/domain/player-rules.js';
import { PublishWatch } from '@dolphin/edge/domain/publish-watch.js';
import { OriginCycle, pullDelayMs, RETRY_MS } from '@dolphin/edge/domain/pull-rules.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { isStreamName, streamUrlOf, vhostFor } from '@dolphin/edge/domain/stream-key.js';
import { parseConf } from '@dolphin/srs';

const conf = (text: string) => readSettings(parseConf(text, 'edge.conf')).settings;

describe('the names of streams', () => {
  it('find their vhost, or the default one, if it is on', () => {
    const settings = conf('listen 1; vhost __defaultVhost__ { } vhost a.com { } vhost off.com { enabled off; }');
    assert.equal(vhostFor(settings, 'a.com')?.name, 'a.com');
    assert.equal(vhostFor(settings, '127.0.0.1')?.name, '__defaultVhost__');
    assert.equal(vhostFor(settings, 'off.com'), null);
    assert.equal(vhostFor(conf('listen 1; vhost a.com { }'), 'b.com'), null);
  });

  it('stand in URLs without control characters', () => {
    assert.equal(streamUrlOf({ vhost: '__defaultVhost__', app: 'live', stream: 's' }), '/live/s');
    assert.equal(streamUrlOf({ vhost: 'a.com', app: 'live', stream: 's' }), 'a.com/live/s');
    assert.ok(isStreamName('live', 'ströme/1'));
    for (const name of ['', 'a\nb', 'a\0', 'x'.repeat(513)]) assert.ok(!isStreamName('live', name));
  });
});

describe('a pull', () => {
  it('is tried again at once after a cut, then slower, and each 3 s at last', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 99].map((failures) => pullDelayMs(failures, true, 0.5));
    assert.equal(delays[0], 0);
    for (let i = 1; i < delays.length; i++) assert.ok((delays[i] ?? 0) >= (delays[i - 1] ?? 0));
    assert.equal(delays.at(-1), RETRY_MS);
    const firstSecond = delays.slice(0, 7).reduce((sum, delay) => sum + delay, 0);
    assert.ok(firstSecond <= 1100, `seven tries in ${firstSecond} ms`);
  });

  it('of a stream that never came has SRS’s pace', () => {
    assert.equal(pullDelayMs(1, false, 0), RETRY_MS);
  });

  it('stays with an origin until it fails, and then asks them in turn', () => {
    const cycle = new OriginCycle(['a', 'b', 'c']);
    const take = () => {
      const origin = cycle.current;
      cycle.next();
      return origin;
    };
    assert.equal(cycle.current, cycle.current);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => take()),
      ['a', 'b', 'c', 'a'],
    );
  });
});

describe('a player that lags', () => {
  it('goes on where the ring has it, to a key frame, or waits for one', () => {
    assert.deepEqual(answerLag(5, 5, 7), { go: 'on' });
    assert.deepEqual(answerLag(4, 5, 7), { go: 'to', cursor: 7 });
    assert.deepEqual(answerLag(4, 5, null), { go: 'wait' });
  });

  it('is stuck when its write makes no progress for the limit, and only then', () => {
    let seen = watchWrite({ pendingBytes: 0, sinceMs: 0 }, 1000, 0, 5000);
    assert.equal(seen.stuck, false);
    seen = watchWrite(seen.progress, 1000, 4999, 5000);
    assert.equal(seen.stuck, false);
    assert.equal(watchWrite(seen.progress, 1000, 5000, 5000).stuck, true);
    seen = watchWrite(seen.progress, 999, 5000, 5000);
    assert.equal(seen.stuck, false, 'one byte is progress');
    assert.equal(watchWrite(seen.progress, 0, 60_000, 5000).stuck, false, 'it is done');
  });
});

describe('a publisher', () => {
  it('is late without a first packet, and then without any', () => {
    const watch = new PublishWatch({ firstPacketMs: 20_000, packetMs: 5000 }, 0);
    assert.equal(watch.isLate(20_000), false);
    assert.equal(watch.isLate(20_001), true);
    watch.packet(10_000);
    assert.equal(watch.isLate(15_000), false);
    assert.equal(watch.isLate(15_001), true);
  });
});
