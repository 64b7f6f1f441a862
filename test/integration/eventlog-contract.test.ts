import { randomUUID } from 'node:crypto';
import { after, before, describe } from 'node:test';
import { connectBus, createLog, JetStreamLogStore } from '@dolphin/eventlog';
import { subjectsOf } from '@dolphin/protocol';
import { silentLogger } from '@dolphin/runtime';
import { headers, type NatsConnection } from 'nats';
import { logStoreContract } from '../contracts/log-store-contract.js';
import { startNats, type TestNats } from '../support/nats.js';

describe('on a real nats-server', () => {
  const ends: (() => unknown)[] = [];
  let nats: TestNats;
  let bus: NatsConnection;
  let farms = 0;

  before(async () => {
    nats = await startNats({ after: (end) => ends.unshift(end as () => unknown) });
    bus = await connectBus(nats.url, { name: 'test', logger: silentLogger() });
  });
  after(async () => {
    await bus.close();
    for (const end of ends) await end();
  });

  logStoreContract('the JetStream store', async () => {
    const farm = `f${++farms}`;
    const { logStream } = subjectsOf(farm);
    const limits = { maxBytes: 64 * 1024 * 1024 };
    await createLog(bus, farm, limits);
    const store = await JetStreamLogStore.open(bus, farm);
    return {
      store,
      farm,
      appendRaw: async (subject, data) => {
        const id = headers();
        id.set('Nats-Msg-Id', randomUUID());
        await bus.request(subject, data, { headers: id, timeout: 5_000 });
      },
      stray: async (subject) => {
        await bus.request(subject, '{"stream":"another","seq":1}');
      },
      recreate: async () => {
        await bus.request(`$JS.API.STREAM.DELETE.${logStream}`);
        await createLog(bus, farm, limits);
      },
    };
  });
});
