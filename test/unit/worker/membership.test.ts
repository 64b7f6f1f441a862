import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MemoryLogStore } from '@dolphin/eventlog';
import { DolphinError, type FactEnvelope, subjectsOf } from '@dolphin/protocol';
import { Complaints, silentLogger } from '@dolphin/runtime';
import { FactShipper } from '@dolphin/worker/app/fact-shipper.js';
import { Membership } from '@dolphin/worker/app/membership.js';
import { Outbox } from '@dolphin/worker/app/outbox.js';
import type { Bus, Identity } from '@dolphin/worker/app/ports.js';

const FARM_ID = '7b1c1f1e-5f0b-4b57-9b53-6a1dd0f4f001';
const subjects = subjectsOf('main');
const at = new Date(0).toISOString();

/** `beforeEars`: what happens to the log after the join, before the host's own subject is listened to. */
async function worker(beforeEars: (log: MemoryLogStore) => Promise<unknown>, knows: string | null = null) {
  const log = new MemoryLogStore();
  const created = { type: 'farm-created' as const, id: 'e1', farm: 'main', farmId: FARM_ID, who: 'test' };
  await log.append(
    subjects.logOperator,
    { v: 1, kind: 'operator', farmId: FARM_ID, at, master: 'm1', entries: [created] },
    { expectedLast: 0, messageId: 'created' },
  );
  const logger = silentLogger();
  const stop = new AbortController();
  const clock = { time: 0, now: () => 0, monotonic: () => clock.time, sleep: async (ms: number) => pass(ms) };
  // Virtual time: a worker that has seen nothing wrong in a minute goes on for ever.
  const pass = (ms: number) => {
    clock.time += ms;
    if (clock.time > 60_000) stop.abort();
  };
  const bus: Bus = {
    log,
    connected: true,
    drops: 0,
    publish: () => undefined,
    serve: async () => undefined,
    listen: async (subject) => {
      if (subject === subjects.logHost('h1')) await beforeEars(log);
      return () => undefined;
    },
  };
  let known: Identity | null = knows === null ? null : { farmId: knows, epoch: 1 };
  const joins: string[] = [];
  let ids = 0;
  const outbox = new Outbox({ read: async () => [], write: async () => undefined }, logger);
  const shipper = new FactShipper({
    ...{ log, outbox, logger, host: 'h1', subject: subjects.logHost('h1'), newId: () => `id-${++ids}`, now: () => 0 },
    pod: { happenings: async () => ({ oldest: 1, newest: 0, happenings: [] }) },
  });
  const membership = new Membership({
    ...{
      bus,
      shipper,
      clock,
      logger,
      farm: 'main',
      host: 'h1',
      ports: { rtmp: [1], http: [2] },
      words: {},
      random: () => 0.5,
    },
    identity: {
      read: async () => known,
      write: async (identity) => {
        known = identity;
      },
    },
    keeper: { state: null },
    asks: { answer: async () => null, kick: async () => null },
    desk: { answer: async () => null },
    herald: { heartbeat: () => null, pulse: () => undefined },
    complaints: new Complaints(logger, clock),
    whenJoined: async () => {
      joins.push(known?.farmId ?? '');
      throw new Error('a full disk');
    },
  });
  return { membership, signal: stop.signal, joins };
}

describe('a member of the farm', () => {
  it('goes on when nobody else writes under its name', async () => {
    const { membership, signal } = await worker(async () => undefined);
    await membership.run(signal);
    assert.equal(membership.me?.epoch, 1);
  });

  it('says that it has joined, also to who cannot write that down, and not for a farm that is not its own', async () => {
    const good = await worker(async () => undefined);
    await good.membership.run(good.signal);
    assert.deepEqual(good.joins, [FARM_ID]);
    const wrong = await worker(async () => undefined, 'another');
    await assert.rejects(wrong.membership.run(wrong.signal), { code: 'E_FARM_MISMATCH' });
    assert.deepEqual(wrong.joins, []);
  });

  it('stands down when another joined under its name before it could hear of that', async () => {
    const { membership, signal } = await worker(async (log) => {
      const { newest: last } = await log.tailOn(subjects.logHost('h1'));
      const joined = { type: 'host-joined' as const, id: 'other', epoch: 2, version: '0', rtmp: [], http: [] };
      const envelope: FactEnvelope = {
        ...{ v: 1, kind: 'facts', farmId: FARM_ID, at, host: 'h1', epoch: 2, upTo: 0 },
        entries: [joined],
      };
      await log.append(subjects.logHost('h1'), envelope, { expectedLast: last?.sequence ?? 0, messageId: 'other' });
    });
    await assert.rejects(
      membership.run(signal),
      (error) => error instanceof DolphinError && error.code === 'E_HOST_TAKEN',
    );
  });
});
