import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evolve, evolveUnreadable } from '@dolphin/master/domain/evolve.js';
import { EMPTY_FARM, type FarmState } from '@dolphin/master/domain/farm-state.js';
import { parseFold } from '@dolphin/master/files/fold-snapshot.js';
import { edgePorts, LogEnvelope } from '@dolphin/protocol';
import fc from 'fast-check';
import { AT, FARM_ID, specOf } from './host-model.js';

const host = fc.constantFrom('h1', 'h2', 'constructor');
const slot = fc.nat({ max: 2 });
const generation = fc.integer({ min: 1, max: 4 });
const ms = fc.nat({ max: 60_000 });
const on = {
  host,
  role: fc.constantFrom('stream' as const, 'back-source' as const, 'http' as const),
  slot,
  generation,
};
const about = { role: on.role, slot, generation };
const is = <Type extends string>(type: Type) => fc.constant(type);
const who = is('test');

const operator = fc.oneof(
  fc.record({ type: is('farm-applied'), specVersion: fc.integer({ min: 1, max: 9 }), who, edges: fc.nat({ max: 5 }) }),
  fc.record({
    type: fc.constantFrom('host-cordoned', 'host-uncordoned', 'host-undrain-asked', 'host-removed'),
    host,
    who,
  }),
  fc.record({ type: is('host-drain-asked'), host, who, deadlineMs: ms }),
  fc.record({ type: fc.constantFrom('edge-kill-asked', 'edge-undrain-asked'), ...on, who }),
  fc.record({ type: fc.constantFrom('edge-restart-asked', 'edge-drain-asked'), ...on, who, deadlineMs: ms }),
);
const decision = fc.oneof(
  fc.record({ type: is('leader-elected'), term: fc.integer({ min: 1, max: 5 }), master: who }),
  { weight: 5, arbitrary: fc.record({ type: fc.constantFrom('edge-assigned', 'edge-adopted'), ...on }) },
  { weight: 2, arbitrary: fc.record({ type: is('edge-released'), ...on, drainMs: ms, why: who }) },
  fc.record({ type: is('edge-kept'), ...on, why: who }),
  fc.record({ type: is('edge-renewed'), ...on, drainMs: ms, why: who }),
  fc.record({ type: fc.constantFrom('host-lost', 'host-unmanaged'), host, silentMs: ms }),
  fc.record({ type: is('host-returned'), host }),
  fc.record({ type: is('placement-short'), asked: fc.nat(), placed: fc.nat(), why: who }),
);
const fact = fc.oneof(
  fc.record({
    type: is('host-joined'),
    labels: fc.constantFrom({}, { zone: 'a' }),
    capacity: fc.option(fc.nat({ max: 4 }), { nil: undefined }),
  }),
  fc.record({ type: is('edge-gave-up'), ...about, attempts: generation, windowMs: generation }),
  fc.record({ type: is('edge-ready'), ...about, pid: generation, afterMs: ms }),
  fc.record({ type: is('edge-started'), ...about, pid: generation, engine: is('builtin'), attempt: generation }),
  fc.record({ type: is('command-refused'), decision: fc.nat({ max: 60 }), code: is('E_PORT_TAKEN'), message: who }),
  fc.record({ type: is('host-left'), why: who }),
);
const message = fc.oneof(
  fc.record({ kind: is('operator'), entry: operator }),
  { weight: 3, arbitrary: fc.record({ kind: is('decisions'), term: fc.integer({ min: 1, max: 5 }), entry: decision }) },
  { weight: 2, arbitrary: fc.record({ kind: is('facts'), host, epoch: generation, entry: fact }) },
  fc.record({
    kind: is('unreadable'),
    on: fc.constantFrom('operator' as const, 'decisions' as const, 'other' as const),
  }),
);
type Message = typeof message extends fc.Arbitrary<infer T> ? T : never;

function fold(state: FarmState, one: Message): FarmState {
  const sequence = state.sequence + 1;
  if (one.kind === 'unreadable') return evolveUnreadable(state, { sequence, why: 'newer', on: one.on });
  return evolve(state, { sequence, at: AT, envelope: envelopeOf(one, sequence) });
}

/** As it is read from the log: what is made up here is what can be there. */
function envelopeOf(one: Exclude<Message, { kind: 'unreadable' }>, sequence: number): LogEnvelope {
  const { entry, ...kind } = one;
  const more = {
    ...('edges' in entry && { spec: specOf({ total: entry.edges, on: { zone: 'a' } }) }),
    ...('decision' in entry && { commandId: `e${entry.decision}/1` }),
    ...(entry.type === 'host-joined' && { epoch: 'epoch' in one ? one.epoch : 1, version: '0', rtmp: [1], http: [2] }),
    ...((entry.type === 'edge-assigned' || entry.type === 'edge-adopted') && {
      ...{ engine: 'builtin', origins: ['127.0.0.1:1935'] },
      ports: 'slot' in entry ? edgePorts(specOf({ total: 0 }).ports, entry) : undefined,
    }),
  };
  const written = { v: 1, farmId: FARM_ID, at: AT, master: 'm', basis: 0, upTo: 0, ...kind };
  return LogEnvelope.parse({ ...written, entries: [{ ...entry, ...more, id: `e${sequence}` }] });
}

const BEGUN = [
  { v: 1 as const, kind: 'operator' as const, farmId: FARM_ID, at: AT, master: 'm' },
  { type: 'farm-created' as const, id: 'e1', farm: 'main', farmId: FARM_ID, adopted: true, who: 'test' },
] as const;

test('whatever the log holds, a master that starts from a snapshot knows what one knows that read everything', () => {
  const [place, created] = BEGUN;
  const begun = evolve(EMPTY_FARM, { sequence: 1, at: AT, envelope: { ...place, entries: [created] } });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 60, size: 'max' }), fc.nat({ max: 60 }), (messages, at) => {
      const all = messages.reduce(fold, begun);
      const before = messages.slice(0, at).reduce(fold, begun);
      const restored = parseFold(JSON.parse(JSON.stringify(before)));
      assert.ok(restored, 'a snapshot of it can be read');
      assert.deepEqual(restored, before);
      assert.deepEqual(messages.slice(at).reduce(fold, restored), all);
      assert.equal(all.sequence, messages.length + 1);
    }),
    { numRuns: 500 },
  );
});
