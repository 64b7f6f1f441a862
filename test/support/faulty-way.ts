import type { TestContext } from 'node:test';
import { connectBus } from '@dolphin/eventlog';
import { silentLogger } from '@dolphin/runtime';
import { startFaultProxy } from './fault-proxy.js';
import { startNats } from './nats.js';

/** A nats-server with two ways to it: its own port, and that of a relay that can hold, drop and cut what passes. */
export async function startNatsWithFaultyWay(t: TestContext) {
  const nats = await startNats(t);
  const proxy = await startFaultProxy(t, nats.port);
  const connect = async (port: number, name: string) => {
    const bus = await connectBus(`nats://127.0.0.1:${port}`, { name, logger: silentLogger() });
    t.after(() => bus.close());
    return bus;
  };
  return { nats, proxy, connect };
}
