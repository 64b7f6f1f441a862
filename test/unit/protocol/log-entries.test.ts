import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FactEnvelope } from '@dolphin/protocol';

const envelope = (entry: object) =>
  FactEnvelope.parse({
    ...{ v: 1, kind: 'facts', farmId: '00000000-0000-4000-8000-000000000000', at: '2026-11-21T10:00:00.000Z' },
    ...{ host: 'h1', epoch: 1, upTo: 7, entries: [entry] },
  }).entries[0];

describe('an entry that is in a log already', () => {
  const entry = { id: 'a', type: 'edge-unhealthy', role: 'stream', slot: 1, generation: 2, pid: 7, why: 'frozen' };

  it('is read as it was written, also without a word that came later', () => {
    assert.deepEqual(envelope(entry), entry);
    assert.deepEqual(envelope({ ...entry, killed: false }), { ...entry, killed: false });
  });

  it('is read without the words of a version that is newer', () => {
    assert.deepEqual(envelope({ ...entry, shine: 7 }), entry);
  });
});
