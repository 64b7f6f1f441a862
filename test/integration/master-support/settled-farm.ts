import type { TestScope } from '../../support/cleanup.js';
import { startNats } from '../../support/nats.js';
import { FakeWorker } from './fake-worker.js';
import { TestMaster } from './test-master.js';

/** A master that leads a farm of one fake host, on which this many stream edges and the back source are ready. */
export async function settledFarm(t: TestScope, edges: number) {
  const nats = await startNats(t);
  const master = await TestMaster.start(t, { nats: nats.url });
  const { farmId } = await master.init();
  const worker = await FakeWorker.start(t, { nats: nats.url, farmId });
  await master.applied({ perHost: edges });
  await master.settled(edges);
  return { nats, master, farmId, worker };
}
