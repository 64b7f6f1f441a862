import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CommandBody, EdgeState, EdgeStatus } from '@dolphin/protocol';
import { isOver, leavingRefusal, undrained } from '@dolphin/worker/domain/leave-rules.js';

const edge = (slot: number, state: EdgeState, role: EdgeStatus['role'] = 'stream') =>
  ({ role, slot, state }) as EdgeStatus;

describe('a host that leaves', () => {
  it('drains the stream edges that were not told yet, and leaves them their back source', () => {
    const states: EdgeState[] = ['starting', 'ready', 'draining', 'stopping', 'exited', 'backing-off', 'gave-up'];
    const edges = [edge(0, 'ready', 'back-source'), ...states.map((state, slot) => edge(slot, state))];
    assert.deepEqual(
      undrained({ edges }).map(({ state }) => state),
      ['starting', 'ready', 'backing-off', 'gave-up'],
    );
  });

  it('is done with its viewers when no stream edge is left', () => {
    assert.equal(isOver({ edges: [edge(0, 'ready', 'back-source')] }), true);
    assert.equal(isOver({ edges: [edge(0, 'exited')] }), false);
  });

  it('lets edges go, and lets none come', () => {
    const ref = { role: 'stream', slot: 0, generation: 1 } as const;
    const definition = { ...ref, engine: 'builtin', ports: { rtmp: 1, api: 2 }, origins: ['o:1'] };
    const bodies: [CommandBody, string | undefined][] = [
      [{ type: 'adopt' }, undefined],
      [{ type: 'kill', ...ref }, undefined],
      [{ type: 'drain', ...ref, deadlineMs: 0 }, undefined],
      [{ type: 'undrain', ...ref }, 'E_HOST_LEAVING'],
      [{ type: 'restart', ...ref, drainMs: 0 }, 'E_HOST_LEAVING'],
      [{ type: 'spawn', edge: definition }, 'E_HOST_LEAVING'],
    ];
    for (const [body, code] of bodies) assert.equal(leavingRefusal(body, 'h1')?.code, code, body.type);
  });
});
