import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { TestFarm } from '../support/farm.js';
import { isAlive } from '../support/processes.js';

it('a pod that is killed', async (t) => {
  const farm = await TestFarm.start(t, { edges: 3, redis: false });
  const exits = async () => (await farm.events()).filter(({ type }) => type === 'pod-exited');
  let told = 0;

  await t.test(
    'when the pod is killed while an edge is stopped, no process of it is left and the worker brings back all edges',
    async () => {
      const before = await farm.podState();
      const pids = before.edges.map((edge) => edge.pid).filter((pid) => pid !== null);
      assert.equal(pids.length, 4, 'three stream edges and the back source');
      process.kill(pids[1] ?? 0, 'SIGSTOP');
      process.kill(before.pid, 'SIGKILL');

      await eventually(() => [before.pid, ...pids].every((pid) => !isAlive(pid)), {
        what: 'the pod and its edges, the stopped one too, are gone',
      });
      await eventually(
        async () => {
          // Until the new pod's first heartbeat the view still shows the old processes.
          const { edges } = await farm.ready(3);
          return edges.every(({ pid }) => pid !== null && !pids.includes(pid) && isAlive(pid));
        },
        { what: 'all edges are back as new processes' },
      );
      told = await eventually(async () => (await exits()).length || null, { what: 'the log says that the pod exited' });
    },
  );

  await t.test('a killed pod is back with its edges while NATS is away', async () => {
    const before = await farm.podState();
    await farm.nats.crash();
    process.kill(before.pid, 'SIGKILL');
    await eventually(
      async () => {
        const state = await farm.podState();
        return (
          state.pid !== before.pid && state.edges.length === 4 && state.edges.every((edge) => edge.state === 'ready')
        );
      },
      { what: 'a new pod with the same edges' },
    );
    await farm.nats.restart();
    await eventually(async () => (await exits()).length > told, {
      what: 'the log hears of it when NATS is back',
    });
  });
});
