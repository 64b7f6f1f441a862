import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drainLine, drainProgress } from '@dolphin/cli/domain/drain-progress.js';
import { farmView, hostView, NOW } from './samples.js';

const deadlineAt = '2026-11-21T10:41:00.000Z';
const draining = (clientsLeft: number, edgesLeft: number) =>
  farmView({ hosts: [hostView({ draining: { deadlineAt, clientsLeft, edgesLeft } })] });
const line = (view: ReturnType<typeof farmView>, sequence = 40) =>
  drainLine('h1', drainProgress(view, 'h1', sequence), Date.parse(NOW));

test('a view from before the drain was asked for says nothing of it', () => {
  assert.equal(line(draining(0, 0), 41), 'h1: asked for');
});

test('what is left is told, and when it is closed', () => {
  assert.equal(line(draining(41, 3)), 'h1: drains; edges left 3, clients left 41; they are closed in 10 min');
});

test('it is over when no edge is left, or when the host is gone', () => {
  assert.equal(line(draining(0, 0)), 'h1: drained');
  assert.equal(line(farmView({ edges: [] })), 'h1: drained');
  assert.equal(line(farmView({ hosts: [] })), 'h1: drained');
});

test('a host that drains no longer and still has edges was undrained', () => {
  assert.equal(line(farmView()), 'h1: drains no longer; edges 3, clients 5');
});
