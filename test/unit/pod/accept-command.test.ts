import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { acceptCommand } from '@dolphin/pod/domain/accept-command.js';
import { findSlot, HostFile, newHostFile, withDrained } from '@dolphin/pod/domain/host-file.js';
import type { Command, CommandBody, EdgeDefinition } from '@dolphin/protocol';
import fc from 'fast-check';

const FARM = '6f1d0f5e-54ae-4c43-93f5-4a3b8c7b9a10';
const OTHER_FARM = '0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6';
const known = { engines: new Set(['builtin']), confs: new Set(['fast']) };
const edge = (generation: number, over: Partial<EdgeDefinition> = {}): EdgeDefinition => ({
  role: 'stream',
  slot: 0,
  generation,
  engine: 'builtin',
  ports: { rtmp: 1936, http: 18081, api: 33332 },
  origins: ['127.0.0.1:1935'],
  ...over,
});
const command = (term: number, sequence: number, body: CommandBody, over: Partial<Command> = {}): Command => ({
  id: `c-${term}-${sequence}`,
  farmId: FARM,
  host: 'h1',
  epoch: 1,
  term,
  sequence,
  body,
  ...over,
});
const spawn = (generation: number, over: Partial<EdgeDefinition> = {}): CommandBody => ({
  type: 'spawn',
  edge: edge(generation, over),
});
const kill = (generation: number): CommandBody => ({ type: 'kill', role: 'stream', slot: 0, generation });

const drain = (generation: number, deadlineMs: number): CommandBody => ({
  type: 'drain',
  role: 'stream',
  slot: 0,
  generation,
  deadlineMs,
});
const undrain = (generation: number): CommandBody => ({ type: 'undrain', role: 'stream', slot: 0, generation });

/** Each command's outcome: `new`, `already` or the code. */
function obey(...commands: Command[]): { outcomes: string[]; file: HostFile } {
  let file = newHostFile('h1');
  const outcomes = commands.map((one) => {
    const verdict = acceptCommand(file, one, known);
    if (verdict.result === 'refused') return verdict.code;
    file = verdict.file;
    return verdict.already ? 'already' : 'new';
  });
  return { outcomes, file };
}

describe('a command', () => {
  it('is accepted once; again, and under a newer term, it is `already`', () => {
    const { outcomes, file } = obey(
      command(1, 5, spawn(1)),
      command(1, 5, spawn(1)),
      command(2, 5, spawn(1)),
      command(1, 9, spawn(2)),
    );
    assert.deepEqual(outcomes, ['new', 'already', 'already', 'E_TERM_STALE']);
    assert.equal(findSlot(file, edge(1))?.term, 2);
    assert.equal(file.term, 2);
  });

  it('below the last (term, sequence) of its edge is refused', () => {
    const { outcomes } = obey(command(1, 5, spawn(2)), command(1, 4, spawn(3)), command(1, 4, kill(2)));
    assert.deepEqual(outcomes, ['new', 'E_COMMAND_STALE', 'E_COMMAND_STALE']);
  });

  it('of an older generation, or one that redefines a generation, is refused', () => {
    const { outcomes } = obey(
      command(1, 5, spawn(2)),
      command(1, 6, spawn(1)),
      command(1, 7, spawn(2, { origins: ['127.0.0.1:1999'] })),
      command(1, 8, kill(1)),
      command(1, 9, spawn(3, { origins: ['127.0.0.1:1999'] })),
    );
    assert.deepEqual(outcomes, ['new', 'E_GENERATION_STALE', 'E_GENERATION_STALE', 'E_GENERATION_STALE', 'new']);
  });

  it('to kill is never taken back, not even by the spawn that it overtook', () => {
    const { outcomes } = obey(command(1, 6, kill(1)), command(1, 5, spawn(1)), command(1, 7, spawn(1)));
    assert.deepEqual(outcomes, ['already', 'E_COMMAND_STALE', 'E_GENERATION_STALE']);
    assert.deepEqual(obey(command(1, 5, spawn(1)), command(1, 6, kill(1)), command(1, 7, spawn(2))).outcomes, [
      'new',
      'new',
      'new',
    ]);
  });

  it('of one decision may end a generation and begin the next', () => {
    assert.deepEqual(obey(command(1, 4, spawn(1)), command(1, 5, kill(1)), command(1, 5, spawn(2))).outcomes, [
      'new',
      'new',
      'new',
    ]);
  });

  it('to drain is accepted once per deadline, also under a newer term, and kept in the file', () => {
    const { outcomes, file } = obey(
      command(1, 5, spawn(1)),
      command(1, 6, drain(1, 500)),
      command(1, 6, drain(1, 500)),
      command(2, 6, drain(1, 500)),
      command(2, 7, drain(1, 900)),
      command(2, 5, drain(1, 500)),
    );
    assert.deepEqual(outcomes, ['new', 'new', 'already', 'already', 'new', 'E_COMMAND_STALE']);
    assert.deepEqual(findSlot(file, edge(1))?.drain, { deadlineMs: 900 });
    assert.equal(findSlot(file, edge(1))?.term, 2);
    const others = obey(command(1, 5, spawn(2)), command(1, 6, drain(1, 5)), command(1, 7, drain(3, 5)));
    assert.deepEqual(others.outcomes, ['new', 'E_GENERATION_STALE', 'E_NOT_FOUND']);
    const backSource: CommandBody = { type: 'drain', role: 'back-source', slot: 0, generation: 1, deadlineMs: 5 };
    assert.deepEqual(obey(command(1, 5, backSource)).outcomes, ['E_UNSUPPORTED']);
  });

  it('to drain is not taken back by a spawn of that generation, but by an undrain, a kill or a higher one', () => {
    const drained = [command(1, 5, spawn(1)), command(1, 6, drain(1, 500))];
    assert.deepEqual(obey(...drained, command(1, 7, spawn(1))).outcomes.at(-1), 'E_GENERATION_STALE');
    for (const body of [undrain(1), kill(1), spawn(2)]) {
      const { outcomes, file } = obey(...drained, command(1, 7, body));
      assert.equal(outcomes.at(-1), 'new', body.type);
      assert.equal(findSlot(file, edge(1))?.drain, undefined, body.type);
    }
    assert.equal(obey(...drained, command(1, 7, undrain(1)), command(1, 8, undrain(1))).outcomes.at(-1), 'already');
    assert.equal(obey(command(1, 5, spawn(1)), command(1, 6, undrain(1))).outcomes.at(-1), 'already');
  });

  it('to drain is used up when its edge is gone: as after a kill', () => {
    const { file } = obey(command(1, 5, spawn(1)), command(1, 6, drain(1, 500)));
    const after = withDrained(file, edge(1));
    assert.equal(findSlot(after, edge(1))?.wanted, null);
    const judge = (body: CommandBody) => {
      const verdict = acceptCommand(after, command(1, 7, body), known);
      return verdict.result === 'refused' ? verdict.code : verdict.already ? 'already' : 'new';
    };
    assert.deepEqual([drain(1, 5), undrain(1), spawn(1), spawn(2), kill(1)].map(judge), [
      'already',
      'E_NOT_DRAINING',
      'E_GENERATION_STALE',
      'new',
      'already',
    ]);
    // One that is not drained, or another generation, is left alone.
    const other = obey(command(1, 5, spawn(1))).file;
    assert.equal(withDrained(other, edge(1)), other);
    assert.equal(withDrained(file, edge(2)), file);
  });

  it('of another farm or host, or with an engine that is not there, is refused and leaves no trace', () => {
    const { outcomes, file } = obey(
      command(1, 1, { type: 'adopt' }),
      command(9, 5, spawn(1), { farmId: OTHER_FARM }),
      command(9, 5, spawn(1), { host: 'h2' }),
      command(9, 5, spawn(1, { engine: 'srs5' })),
      command(9, 5, spawn(1, { conf: { name: 'slow', revision: 1 } })),
    );
    assert.deepEqual(outcomes, ['new', 'E_FARM_MISMATCH', 'E_HOST_MISMATCH', 'E_ENGINE_UNKNOWN', 'E_CONF_UNKNOWN']);
    assert.equal(file.term, 1);
    assert.deepEqual(file.slots, []);
  });

  it('keeps the file readable and its numbers from falling, whatever comes', () => {
    const any = fc.record({
      term: fc.integer({ min: 1, max: 4 }),
      sequence: fc.nat(6),
      body: fc.oneof(
        fc.constant<CommandBody>({ type: 'adopt' }),
        fc.integer({ min: 1, max: 4 }).map((generation) => spawn(generation)),
        fc.integer({ min: 1, max: 4 }).map((generation) => kill(generation)),
        fc.integer({ min: 1, max: 4 }).map((generation) => drain(generation, 500)),
        fc.integer({ min: 1, max: 4 }).map((generation) => undrain(generation)),
      ),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 40 }), (all) => {
        let file = newHostFile('h1');
        const killed = new Set<number>();
        for (const one of all) {
          const verdict = acceptCommand(file, command(one.term, one.sequence, one.body), known);
          if (verdict.result === 'refused') continue;
          const before = findSlot(file, edge(1));
          const after = findSlot(verdict.file, edge(1));
          assert.ok(verdict.file.term >= file.term);
          assert.ok((after?.generation ?? 0) >= (before?.generation ?? 0));
          if (one.body.type === 'kill') killed.add(one.body.generation);
          assert.ok(after?.wanted == null || !killed.has(after.wanted.generation));
          file = HostFile.parse(JSON.parse(JSON.stringify(verdict.file)));
        }
      }),
    );
  });
});
