import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lookAtPublisher } from '@dolphin/edge/app/look-at-publisher.js';
import type { Publisher } from '@dolphin/edge/app/publisher.js';

const publisher = (look: () => boolean): Publisher => {
  const none = () => undefined;
  return { id: 'p', ready: none, end: none, resume: none, look };
};

/** Timers of which each is due at once, in a turn of its own. */
const timers = {
  now: () => 0,
  after: (_: number, fn: () => void) => {
    queueMicrotask(fn);
    return () => undefined;
  },
};

describe('a look at a publisher', () => {
  it('is not needed where there is none, or one whose end would have shown', () => {
    assert.equal(
      lookAtPublisher(() => null, timers),
      null,
    );
    assert.equal(
      lookAtPublisher(() => publisher(() => false), timers),
      null,
    );
  });

  it('is over as soon as it is gone', async () => {
    let looks = 0;
    const there = publisher(() => ++looks > 0);
    await lookAtPublisher(() => (looks < 2 ? there : null), timers);
    assert.equal(looks, 2);
  });

  it('ends after some turns where it stays', async () => {
    let looks = 0;
    const there = publisher(() => ++looks > 0);
    await lookAtPublisher(() => there, timers);
    assert.ok(looks > 1 && looks < 10, `${looks}`);
  });
});
