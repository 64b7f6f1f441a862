import type { EdgeEffect, EdgeEvent, EdgeMachine, Step } from './edge-machine.js';

/** A ready edge, or one that drains with another deadline, which then holds; null: it has nobody to wait for. */
export function beginDrain(machine: EdgeMachine, event: DrainEvent, at: number): Step | null {
  if (machine.phase !== 'ready' && machine.phase !== 'draining') return null;
  return {
    machine: { ...machine, phase: 'draining', drainUntil: at + event.deadlineMs },
    effects: [draining(event)],
  };
}

/** What is told of a drain that has nobody to wait for. */
export function emptyDrain(event: DrainEvent): EdgeEffect[] {
  return [draining({ ...event, clients: 0 }), drained('empty', 0)];
}

/** The last client left, or was closed: its process is asked to end. */
export function endDrain(machine: EdgeMachine, event: Extract<EdgeEvent, { type: 'drained' }>): Step {
  if (machine.phase !== 'draining') return { machine, effects: [] };
  return {
    machine: { ...machine, phase: 'stopping', stopAsked: true, drainUntil: null },
    effects: [drained(event.why, event.closed), { type: 'terminate' }],
  };
}

/** Clients that were closed meanwhile stay closed. */
export function undoDrain(machine: EdgeMachine, event: Extract<EdgeEvent, { type: 'undrain' }>): Step {
  if (machine.phase !== 'draining') return { machine, effects: [] };
  return {
    machine: { ...machine, phase: 'ready', drainUntil: null },
    effects: [{ type: 'tell', told: { type: 'edge-undrained', clients: event.clients } }],
  };
}

type DrainEvent = Extract<EdgeEvent, { type: 'drain' }>;

function draining({ deadlineMs, clients }: DrainEvent): EdgeEffect {
  return { type: 'tell', told: { type: 'edge-draining', deadlineMs, clients } };
}

function drained(why: 'empty' | 'deadline', closed: number): EdgeEffect {
  return { type: 'tell', told: { type: 'edge-drained', why, closed } };
}
