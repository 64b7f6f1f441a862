import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lifecycle } from '@dolphin/runtime';

describe('a lifecycle', () => {
  it('stops its parts in reverse order, one after the other, once', async () => {
    const lifecycle = new Lifecycle();
    const order: string[] = [];
    for (const name of ['bus', 'log', 'api']) {
      lifecycle.add(name, async () => {
        order.push(`${name} begins`);
        await Promise.resolve();
        order.push(`${name} ends`);
      });
    }
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    await lifecycle.stop();
    assert.deepEqual(order, ['api begins', 'api ends', 'log begins', 'log ends', 'bus begins', 'bus ends']);
    assert.equal(lifecycle.stopping, true);
  });

  it('goes on when a part throws, rejects or never ends', async () => {
    const lifecycle = new Lifecycle();
    const order: string[] = [];
    lifecycle.add('first', () => void order.push('first'));
    lifecycle.add('hangs', () => new Promise(() => undefined), 10);
    lifecycle.add('rejects', () => Promise.reject(new Error('no')));
    lifecycle.add('throws', () => {
      throw new Error('no');
    });
    await lifecycle.stop();
    assert.deepEqual(order, ['first']);
  });

  it('stops what is added while it stops', async () => {
    const lifecycle = new Lifecycle();
    const order: string[] = [];
    lifecycle.add('first', () => void order.push('first'));
    lifecycle.add('second', () => lifecycle.add('late', () => void order.push('late')));
    await lifecycle.stop();
    assert.deepEqual(order, ['late', 'first']);
  });
});
