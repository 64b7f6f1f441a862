import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { it } from 'node:test';
import { type FactEnvelope, subjectsOf } from '@dolphin/protocol';
import { headers } from 'nats';
import { eventually } from '../support/eventually.js';
import { command, FARM_ID, WorkerWorld } from './worker-support/worker-world.js';

const subjects = subjectsOf('main');
const kill = () => command({ body: { type: 'kill', role: 'stream', slot: 0, generation: 1 } });

/** Into the log, under the host's own subject. */
function write(world: WorkerWorld, envelope: object): void {
  const id = headers();
  id.set('Nats-Msg-Id', randomUUID());
  world.bus.publish(subjects.logHost('h1'), JSON.stringify(envelope), { headers: id });
}

const isReadOnly = (world: WorkerWorld) => async () => (await world.ask()).readOnly?.code === 'E_LOG_UNREADABLE';

async function assertReadOnly(world: WorkerWorld): Promise<void> {
  const refused = await world.send(JSON.stringify(kill()));
  assert.equal(refused.result === 'refused' && refused.code, 'E_LOG_UNREADABLE');
  assert.equal((await world.send(JSON.stringify(command()))).result, 'accepted');
  const passedOn = world.pod.commands.map(({ body }) => body.type);
  assert.deepEqual(new Set(passedOn), new Set(['adopt']));
}

it('a host whose log cannot be decoded takes no commands but adopt and says why, in the next life as well', async (t) => {
  const world = await WorkerWorld.start(t);
  const first = world.startWorker();
  await eventually(async () => (await world.ask()).readOnly === undefined, { what: 'the worker answers' });
  // As a later version may have written it.
  write(world, { v: 9, kind: 'facts' });
  await eventually(isReadOnly(world), { what: 'its heartbeat says so' });
  world.pod.happen(3);
  await assertReadOnly(world);
  assert.deepEqual(await world.told(), [], 'what happens waits');
  assert.equal((await first.stop()).code, 0);

  const second = world.startWorker();
  await eventually(isReadOnly(world), { what: 'it is heard' });
  assert.equal((await world.ask()).epoch, 1, 'it could not begin another');
  await assertReadOnly(world);
  assert.deepEqual(await world.epochs(), [1]);

  // Of that version again, and in words that this one knows.
  const at = new Date().toISOString();
  const entries = [{ type: 'pod-exited', id: 'later', code: null, signal: null }] as const;
  const known: FactEnvelope = {
    v: 1,
    kind: 'facts',
    farmId: FARM_ID,
    at,
    host: 'h1',
    epoch: 1,
    upTo: 0,
    entries: [...entries],
  };
  write(world, known);
  await eventually(async () => (await world.ask()).epoch === 2, { what: 'it joined' });
  await eventually(async () => (await world.told()).length === 3, { what: 'all that waited is told' });
  assert.equal((await world.ask()).readOnly, undefined);
  assert.equal((await world.send(JSON.stringify(kill()))).result, 'accepted');
  assert.equal((await second.stop()).code, 0);
});
