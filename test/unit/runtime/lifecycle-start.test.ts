import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lifecycle } from '@dolphin/runtime';
import { eventually } from '../../support/eventually.js';

/** Parts that note what becomes of them. */
function parts() {
  const lifecycle = new Lifecycle();
  const order: string[] = [];
  const start = (name: string) =>
    lifecycle.start(name, {
      start: async () => {
        order.push(`${name} up`);
        return name;
      },
      stop: (started) => void order.push(`${started} down`),
    });
  return { lifecycle, order, start };
}

describe('a lifecycle that starts its parts', () => {
  it('gives what each one started, and stops them in reverse', async () => {
    const { lifecycle, order, start } = parts();
    assert.equal(await start('bus'), 'bus');
    await start('api');
    await lifecycle.stop();
    assert.deepEqual(order, ['bus up', 'api up', 'api down', 'bus down']);
  });

  it('stops what was started when one fails, and tells that failure', async () => {
    const { lifecycle, order, start } = parts();
    await start('bus');
    await start('log');
    const failing = { start: () => Promise.reject(new Error('port taken')), stop: () => void order.push('never') };
    await assert.rejects(lifecycle.start('api', failing), /^Error: port taken$/);
    assert.deepEqual(order, ['bus up', 'log up', 'log down', 'bus down']);
    assert.equal(lifecycle.stopping, true);
  });

  it('does not wait for ever, tells the part so, and stops it when it starts after all', async () => {
    const { lifecycle, order, start } = parts();
    await start('bus');
    let finish = (_: string): void => undefined;
    let told = false;
    const late = lifecycle.start('log', {
      start: (signal) =>
        new Promise<string>((resolve) => {
          finish = resolve;
          signal.addEventListener('abort', () => {
            told = true;
          });
        }),
      stop: (started) => void order.push(`${started} down`),
      startDeadlineMs: 10,
    });
    await assert.rejects(late, /log did not start within 10 ms/);
    assert.deepEqual([told, order], [true, ['bus up', 'bus down']]);
    finish('log');
    await eventually(() => order.includes('log down'), { what: 'what started late is stopped' });
  });

  it('starts nothing more once it stops, also when that is asked for meanwhile', async () => {
    const { lifecycle, order, start } = parts();
    await start('bus');
    const pending = lifecycle.start('log', { start: () => new Promise<void>(() => undefined), stop: () => undefined });
    await Promise.all([assert.rejects(pending, /log was not started: the process stops/), lifecycle.stop()]);
    await assert.rejects(start('api'), /api was not started/);
    assert.deepEqual(order, ['bus up', 'bus down']);
  });
});
