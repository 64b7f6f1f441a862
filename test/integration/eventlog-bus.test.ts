import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectBus } from '@dolphin/eventlog';
import { silentLogger } from '@dolphin/runtime';
import { eventually } from '../support/eventually.js';
import { startNats } from '../support/nats.js';
import { freePort } from '../support/ports.js';
import { freeze } from '../support/processes.js';

const logger = silentLogger();

describe('the connection to NATS', () => {
  it('waits for a server that is not there yet, and comes back after each of its deaths', async (t) => {
    const port = await freePort();
    const states: boolean[] = [];
    const onStatus = (connected: boolean) => states.push(connected);
    const connecting = connectBus(`nats://127.0.0.1:${port}`, { name: 'test', logger, onStatus });
    const nats = await startNats(t, { port });
    const bus = await connecting;
    t.after(() => bus.close());
    for (const round of [1, 2]) {
      await nats.crash();
      await eventually(() => states.length === round * 2, { what: 'the death is noticed' });
      await nats.restart();
      await eventually(() => states.length === round * 2 + 1, { what: 'it is back' });
    }
    assert.deepEqual(states, [true, false, true, false, true]);
  });

  it('fails with E_BUS_UNAVAILABLE when it is not to wait, or when its wait is aborted', async () => {
    const url = `nats://127.0.0.1:${await freePort()}`;
    await assert.rejects(connectBus(url, { name: 'test', logger, waitForFirst: false }), { code: 'E_BUS_UNAVAILABLE' });
    const abort = new AbortController();
    const waiting = connectBus(url, { name: 'test', logger, signal: abort.signal });
    abort.abort();
    await assert.rejects(waiting, { code: 'E_BUS_UNAVAILABLE' });
  });

  it('notices a server that is frozen', async (t) => {
    const nats = await startNats(t);
    const states: boolean[] = [];
    const onStatus = (connected: boolean) => states.push(connected);
    const bus = await connectBus(nats.url, { name: 'test', logger, onStatus });
    t.after(() => bus.close());
    await freeze(nats.process().pid);
    await eventually(() => states.at(-1) === false, { what: 'the silence is noticed' });
    nats.process().kill('SIGCONT');
    await eventually(() => states.at(-1) === true, { what: 'it is back' });
  });
});
