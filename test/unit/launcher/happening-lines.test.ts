import assert from 'node:assert/strict';
import { test } from 'node:test';
import { happeningLine } from '@dolphin/launcher/domain/happening-lines.js';
import { EventRow } from '@dolphin/protocol';

function line(type: string, data: Record<string, unknown>, by = 'h1'): string | null {
  const row = { sequence: 1, index: 0, at: '2026-01-01T00:00:00.000Z', kind: 'fact', by, type, id: 'x', data };
  return happeningLine(EventRow.parse(row), new Set(['h1']));
}

test('an edge that was killed, one that failed and one that was stopped read differently', () => {
  const edge = { role: 'stream', slot: 2, pid: 77, code: null, signal: 'SIGKILL' };
  assert.equal(line('edge-exited', { ...edge, asked: false }), 'stream edge 2 died: SIGKILL (pid 77)');
  assert.equal(line('edge-exited', { ...edge, asked: true }), 'stream edge 2 stopped (pid 77)');
  const failed = { role: 'back-source', slot: 0, pid: 78, code: 255, signal: null, asked: false };
  assert.equal(line('edge-exited', failed), 'back source died: exit code 255 (pid 78)');
});

test('an edge that is back says how long it took', () => {
  assert.equal(
    line('edge-ready', { role: 'stream', slot: 0, pid: 9, afterMs: 210 }),
    'stream edge 0 is ready, pid 9, after 210 ms',
  );
});

test('a drain is told from its begin to its end', () => {
  const edge = { role: 'stream', slot: 1, generation: 3 };
  assert.equal(line('edge-draining', { ...edge, clients: 12, deadlineMs: 5000 }), 'stream edge 1 drains 12 clients');
  const drained = 'stream edge 1 is drained, 2 clients closed at its deadline';
  assert.equal(line('edge-drained', { ...edge, why: 'deadline', closed: 2 }), drained);
  assert.equal(line('edge-undrained', { ...edge, clients: 4 }), 'stream edge 1 takes clients again');
  const failed = 'stream edge 1 was not replaced: generation 3 never became ready';
  assert.equal(line('edge-replace-failed', { ...edge, kept: 2 }), failed);
});

test('an unhealthy edge is told with what becomes of it, where its pod says so', () => {
  const edge = { role: 'stream', slot: 1, generation: 3, pid: 7, why: 'frozen' };
  assert.equal(line('edge-unhealthy', { ...edge, killed: true }), 'stream edge 1 is unhealthy, and killed: frozen');
  for (const more of [{}, { killed: false }])
    assert.equal(line('edge-unhealthy', { ...edge, ...more }), 'stream edge 1 is unhealthy: frozen');
});

test('what is no news at a terminal has no line', () => {
  assert.equal(line('leader-elected', { term: 3, master: 'm' }), null);
});

test('a pod whose end nobody saw was found gone', () => {
  assert.equal(line('pod-exited', { code: null, signal: null }), 'the pod died: found gone');
  assert.equal(line('pod-exited', { code: null, signal: 'SIGKILL' }), 'the pod died: SIGKILL');
  assert.equal(line('pod-exited', { code: 70, signal: null }), 'the pod died: exit code 70');
});

test('what happens on another host says where', () => {
  assert.equal(line('pod-started', { pid: 7 }, 'h2'), 'h2: the pod is up, pid 7');
  assert.equal(line('host-joined', { epoch: 1 }, 'h2'), 'host h2 joined');
});

test('hosts that come and go are told of by name', () => {
  assert.equal(line('host-joined', { epoch: 1 }), 'host h1 joined');
  assert.equal(line('host-left', { why: 'its worker was told to' }), 'host h1 left: its worker was told to');
});
