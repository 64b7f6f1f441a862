import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AppendBackend, type AppendRequest, appendSettled, type MessagePlace } from '@dolphin/eventlog';
import { DolphinError } from '@dolphin/protocol';
import fc from 'fast-check';

const SUBJECT = 's';
const OURS: AppendRequest = { subject: SUBJECT, bytes: new Uint8Array(), expectedLast: 0, messageId: 'ours' };

/** What happens to one request: it gets there or not, its answer comes back or not, and who writes before and after. */
const fault = fc.record({
  arrives: fc.boolean(),
  answered: fc.boolean(),
  otherBefore: fc.boolean(),
  otherAfter: fc.boolean(),
  lookAnswered: fc.boolean(),
});
type Fault = { arrives: boolean; answered: boolean; otherBefore: boolean; otherAfter: boolean; lookAnswered: boolean };

/** One subject of a stream. Servers differ in which they check first: the message id or the guard. */
class ScriptedStream implements AppendBackend {
  readonly messages: MessagePlace[] = [];
  publishes = 0;
  readonly #faults: readonly Fault[];
  readonly #idFirst: boolean;

  constructor(faults: readonly Fault[], idFirst: boolean) {
    this.#faults = faults;
    this.#idFirst = idFirst;
  }

  async publish({ messageId, expectedLast }: AppendRequest) {
    const fault = this.#faults[this.publishes++];
    if (fault?.otherBefore) this.#other();
    if (fault && !fault.arrives) return { type: 'no-answer' as const, why: 'timeout' };
    const answer = this.#store(messageId, expectedLast);
    if (fault?.otherAfter) this.#other();
    return fault && !fault.answered ? { type: 'no-answer' as const, why: 'timeout' } : answer;
  }

  async last() {
    if (this.#faults[this.publishes - 1]?.lookAnswered === false) throw new Error('timeout');
    return this.messages.at(-1) ?? null;
  }

  async firstAfter(_: string, sequence: number) {
    return this.messages.find((message) => message.sequence > sequence) ?? null;
  }

  async sleep() {}

  random() {
    return 0.5;
  }

  #store(messageId: string, expectedLast: number) {
    const before = this.messages.find((message) => message.messageId === messageId);
    if (this.#idFirst && before) return { type: 'stored' as const, sequence: before.sequence };
    if ((this.messages.at(-1)?.sequence ?? 0) !== expectedLast) return { type: 'wrong-last' as const };
    const sequence = this.#push(messageId);
    return { type: 'stored' as const, sequence };
  }

  #other(): void {
    this.#push(`other-${this.messages.length}`);
  }

  #push(messageId: string): number {
    const sequence = (this.messages.at(-1)?.sequence ?? 0) + 3;
    this.messages.push({ sequence, messageId });
    return sequence;
  }
}

describe('settling an append', () => {
  it('never stores twice, and never says what is not so', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 6 }), fc.boolean(), async (faults, idFirst) => {
        const stream = new ScriptedStream(faults, idFirst);
        const outcome = await appendSettled(stream, OURS).catch((error: unknown) => error as Error);
        const ours = stream.messages.filter(({ messageId }) => messageId === 'ours');
        assert.ok(ours.length <= 1);
        if (outcome instanceof Error) assert.equal(ours.length, 0);
        else if (outcome.outcome === 'appended') assert.equal(outcome.sequence, ours[0]?.sequence);
        else if (outcome.outcome === 'conflict') assert.equal(ours.length, 0);
        assert.ok(stream.publishes <= 4);
      }),
      { numRuns: 1_000 },
    );
  });

  it('tells the truth about an append that was unknown, once answers come again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 4 }), fc.boolean(), async (faults, idFirst) => {
        const stream = new ScriptedStream(faults, idFirst);
        const first = await appendSettled(stream, OURS);
        if (first.outcome !== 'unknown') return;
        const again = await appendSettled(stream, OURS, true);
        const ours = stream.messages.filter(({ messageId }) => messageId === 'ours');
        if (again.outcome === 'appended')
          assert.deepEqual(
            [again.sequence],
            ours.map(({ sequence }) => sequence),
          );
        else assert.deepEqual([again.outcome, ours.length], ['conflict', 0]);
      }),
    );
  });

  it('throws the refusal when nothing can have been stored before it', async () => {
    const stream = new ScriptedStream([], true);
    const full = new DolphinError('E_LOG_FULL', { stream: 's', why: 'maximum bytes exceeded' });
    stream.publish = async () => ({ type: 'refused', error: full }) as never;
    await assert.rejects(appendSettled(stream, OURS), { code: 'E_LOG_FULL' });
    assert.equal((await appendSettled(stream, OURS, true)).outcome, 'unknown');
  });

  it('throws E_BUS_UNAVAILABLE when every try was answered with "no stream"', async () => {
    const stream = new ScriptedStream([], true);
    stream.publish = async () => ({ type: 'not-stored', why: 'no stream answers' }) as never;
    await assert.rejects(appendSettled(stream, OURS), { code: 'E_BUS_UNAVAILABLE' });
  });
});
