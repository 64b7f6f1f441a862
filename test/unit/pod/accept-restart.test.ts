import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { acceptCommand } from '@dolphin/pod/domain/accept-command.js';
import { findSlot, type HostFile, newHostFile } from '@dolphin/pod/domain/host-file.js';
import type { Command, CommandBody, EdgeDefinition } from '@dolphin/protocol';
import fc from 'fast-check';

const names = { engines: new Set(['builtin']), confs: new Set<string>() };
const key = { role: 'stream', slot: 0 } as const;
const edge: EdgeDefinition = {
  ...{ ...key, generation: 3, engine: 'builtin', ports: { rtmp: 1936, http: 18081, api: 33332 } },
  origins: ['127.0.0.1:11935'],
};
const command = (sequence: number, body: CommandBody, term = 1): Command => ({
  ...{ id: `c-${term}-${sequence}`, farmId: '6f1d0f5e-54ae-4c43-93f5-4a3b8c7b9a10', host: 'h1', epoch: 1 },
  ...{ term, sequence, body },
});
const restart = (generation: number): CommandBody => ({ type: 'restart', ...key, generation, drainMs: 1000 });

function obey(commands: readonly Command[], known = names): { outcomes: string[]; file: HostFile } {
  let file = newHostFile('h1');
  const outcomes = commands.map((one) => {
    const verdict = acceptCommand(file, one, known);
    if (verdict.result === 'refused') return verdict.code;
    file = verdict.file;
    return verdict.already ? 'already' : 'new';
  });
  return { outcomes, file };
}
const spawned = command(5, { type: 'spawn', edge });

describe('a restart', () => {
  it('is the same definition under the generation that it names, once', () => {
    const { outcomes, file } = obey([
      spawned,
      command(6, restart(4)),
      command(6, restart(4)),
      command(6, restart(4), 2),
    ]);
    assert.deepEqual(outcomes, ['new', 'new', 'already', 'already']);
    const record = findSlot(file, key);
    assert.deepEqual(record?.wanted, { ...edge, generation: 4 });
    assert.deepEqual([record?.term, record?.sequence, record?.causationId], [2, 6, 'c-1-6']);
  });

  it('needs an edge that is to stay, a generation above it, and a command that is not overtaken', () => {
    assert.deepEqual(obey([command(6, restart(4))]).outcomes, ['E_NOT_FOUND']);
    const then = (...bodies: [number, CommandBody][]) =>
      obey([spawned, ...bodies.map(([sequence, body]) => command(sequence, body))]).outcomes.at(-1);
    assert.equal(then([6, { type: 'kill', ...key, generation: 3 }], [7, restart(4)]), 'E_NOT_FOUND');
    assert.equal(then([6, { type: 'drain', ...key, generation: 3, deadlineMs: 9 }], [7, restart(4)]), 'E_NOT_FOUND');
    assert.equal(then([6, restart(2)]), 'E_GENERATION_STALE');
    assert.equal(then([4, restart(4)]), 'E_COMMAND_STALE');
  });

  it('of an engine that is gone leaves the edge that runs alone', () => {
    const file = obey([spawned]).file;
    const verdict = acceptCommand(file, command(6, restart(4)), { ...names, engines: new Set() });
    assert.equal(verdict.result === 'refused' && verdict.code, 'E_ENGINE_UNKNOWN');
  });

  it('and a spawn of what it makes are one: whichever comes second finds it there', () => {
    const spawn: CommandBody = { type: 'spawn', edge: { ...edge, generation: 4 } };
    fc.assert(
      fc.property(fc.array(fc.constantFrom(restart(4), spawn), { minLength: 1, maxLength: 5 }), (bodies) => {
        const { outcomes } = obey([spawned, ...bodies.map((body) => command(6, body))]);
        assert.deepEqual(outcomes, ['new', 'new', ...bodies.slice(1).map(() => 'already')]);
      }),
    );
  });
});
