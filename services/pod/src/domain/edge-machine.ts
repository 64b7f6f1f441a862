import type { EdgeState } from '@dolphin/protocol';
import { beginDrain, emptyDrain, endDrain, undoDrain } from './edge-drain-steps.js';
import { decideRestart, NO_FAILURES, type RestartHistory, type RestartPolicy } from './restart-policy.js';

/**
 * The life of one edge within one generation: starting → ready → draining → stopping → exited, with backing-off and
 * gave-up between failures, and from draining back to ready. Pure: what happened goes in, what must be done comes out.
 * A drain of an edge that is not ready is a stop: it has no clients. A drain that comes again changes the deadline; a
 * stop ends it at once; a process that dies while it drains is not started again.
 */
export interface EdgeMachine {
  readonly phase: EdgeState;
  readonly pid: number | null;
  /** Processes started in this generation. */
  readonly starts: number;
  /** Monotonic ms. */
  readonly startedAt: number | null;
  readonly readyAt: number | null;
  readonly stopAsked: boolean;
  /** While it drains: when its clients are closed. */
  readonly drainUntil: number | null;
  readonly history: RestartHistory;
  /** The last start failure that was told: the same one again is not told again. */
  readonly toldFailure: string | null;
}

export const NEW_EDGE: EdgeMachine = {
  phase: 'starting',
  pid: null,
  starts: 0,
  startedAt: null,
  readyAt: null,
  stopAsked: false,
  drainUntil: null,
  history: NO_FAILURES,
  toldFailure: null,
};

export type EdgeEvent =
  /** No process came to be. `usesAttempt` is false for what will pass by itself, as a port in passing use. */
  | { readonly type: 'start-failed'; readonly code: string; readonly message: string; readonly usesAttempt: boolean }
  | { readonly type: 'started'; readonly pid: number }
  | { readonly type: 'ready' }
  /** It lives, but is of no use: it is killed. */
  | { readonly type: 'unhealthy'; readonly why: string }
  | {
      readonly type: 'exited';
      readonly code: number | null;
      readonly signal: string | null;
      readonly stderr: readonly string[];
    }
  | { readonly type: 'delay-over' }
  /** `clients`: those it has. */
  | { readonly type: 'drain'; readonly deadlineMs: number; readonly clients: number }
  | { readonly type: 'drained'; readonly why: 'empty' | 'deadline'; readonly closed: number }
  | { readonly type: 'undrain'; readonly clients: number }
  | { readonly type: 'stop' };

/** What is to be told of an edge; the runner adds role, slot, generation, engine and ids. */
export type EdgeTold =
  | { readonly type: 'edge-started'; readonly pid: number; readonly attempt: number }
  | { readonly type: 'edge-start-failed'; readonly code: string; readonly message: string }
  | { readonly type: 'edge-ready'; readonly pid: number; readonly afterMs: number }
  | { readonly type: 'edge-unhealthy'; readonly pid: number; readonly why: string; readonly killed: boolean }
  | {
      readonly type: 'edge-exited';
      readonly pid: number;
      readonly asked: boolean;
      readonly wasReady: boolean;
      readonly code: number | null;
      readonly signal: string | null;
      readonly uptimeMs: number;
      readonly stderr: readonly string[];
    }
  | { readonly type: 'edge-gave-up'; readonly attempts: number; readonly windowMs: number }
  | { readonly type: 'edge-draining'; readonly deadlineMs: number; readonly clients: number }
  | { readonly type: 'edge-drained'; readonly why: 'empty' | 'deadline'; readonly closed: number }
  | { readonly type: 'edge-undrained'; readonly clients: number };

export type EdgeEffect =
  | { readonly type: 'start' }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'cancel-wait' }
  /** SIGTERM now, SIGKILL at the deadline. */
  | { readonly type: 'terminate' }
  | { readonly type: 'kill' }
  | { readonly type: 'tell'; readonly told: EdgeTold }
  /** Nothing is left of it; it was asked to go. */
  | { readonly type: 'gone' };

export interface StepContext {
  /** Monotonic ms. */
  readonly at: number;
  /** In [0, 1). */
  readonly random: number;
  readonly policy: RestartPolicy;
}

export interface Step {
  readonly machine: EdgeMachine;
  readonly effects: readonly EdgeEffect[];
}

/** A port in passing use is tried again after this long. */
export const FREE_RETRY_MS = 500;

/** An event that does not belong to the phase changes nothing: late timers and answers are normal. */
export function stepEdge(machine: EdgeMachine, event: EdgeEvent, context: StepContext): Step {
  switch (event.type) {
    case 'started':
      return started(machine, event.pid, context);
    case 'start-failed':
      return startFailed(machine, event, context);
    case 'ready':
      return ready(machine, context);
    case 'unhealthy': {
      if (machine.pid === null || machine.phase === 'stopping') return same(machine);
      const told: EdgeTold = { type: 'edge-unhealthy', pid: machine.pid, why: event.why, killed: true };
      return { machine, effects: [{ type: 'tell', told }, { type: 'kill' }] };
    }
    case 'exited':
      return exited(machine, event, context);
    case 'delay-over':
      if (machine.phase !== 'backing-off') return same(machine);
      return { machine: { ...machine, phase: 'starting' }, effects: [{ type: 'start' }] };
    case 'drain': {
      const begun = beginDrain(machine, event, context.at);
      if (begun !== null) return begun;
      if (machine.stopAsked) return same(machine);
      const ended = stop(machine);
      return { machine: ended.machine, effects: [...emptyDrain(event), ...ended.effects] };
    }
    case 'drained':
      return endDrain(machine, event);
    case 'undrain':
      return undoDrain(machine, event);
    case 'stop':
      return stop(machine);
    default:
      return never(event);
  }
}

function started(machine: EdgeMachine, pid: number, context: StepContext): Step {
  if (machine.phase !== 'starting' || machine.pid !== null) return same(machine);
  const next: EdgeMachine = {
    ...machine,
    phase: machine.stopAsked ? 'stopping' : 'starting',
    pid,
    starts: machine.starts + 1,
    startedAt: context.at,
    readyAt: null,
    toldFailure: null,
  };
  const tell: EdgeEffect = { type: 'tell', told: { type: 'edge-started', pid, attempt: next.starts } };
  return { machine: next, effects: machine.stopAsked ? [tell, { type: 'terminate' }] : [tell] };
}

function startFailed(
  machine: EdgeMachine,
  event: Extract<EdgeEvent, { type: 'start-failed' }>,
  context: StepContext,
): Step {
  if (machine.phase !== 'starting' || machine.pid !== null) return same(machine);
  if (machine.stopAsked) return { machine: { ...machine, phase: 'exited' }, effects: [{ type: 'gone' }] };
  const failure = `${event.code} ${event.message}`;
  const told: EdgeEffect[] =
    failure === machine.toldFailure
      ? []
      : [{ type: 'tell', told: { type: 'edge-start-failed', code: event.code, message: event.message } }];
  const known = { ...machine, toldFailure: failure };
  if (!event.usesAttempt) {
    return { machine: { ...known, phase: 'backing-off' }, effects: [...told, { type: 'wait', ms: FREE_RETRY_MS }] };
  }
  const after = afterFailure(known, null, context);
  return { machine: after.machine, effects: [...told, ...after.effects] };
}

function ready(machine: EdgeMachine, context: StepContext): Step {
  if (machine.phase !== 'starting' || machine.pid === null || machine.startedAt === null) return same(machine);
  const afterMs = elapsed(context.at, machine.startedAt);
  return {
    machine: { ...machine, phase: 'ready', readyAt: context.at },
    effects: [{ type: 'tell', told: { type: 'edge-ready', pid: machine.pid, afterMs } }],
  };
}

function exited(machine: EdgeMachine, event: Extract<EdgeEvent, { type: 'exited' }>, context: StepContext): Step {
  if (machine.pid === null) return same(machine);
  const told: EdgeTold = {
    type: 'edge-exited',
    pid: machine.pid,
    asked: machine.stopAsked,
    wasReady: machine.readyAt !== null,
    code: event.code,
    signal: event.signal,
    uptimeMs: elapsed(context.at, machine.startedAt ?? context.at),
    stderr: event.stderr,
  };
  const readyForMs = machine.readyAt === null ? null : context.at - machine.readyAt;
  const dead: EdgeMachine = { ...machine, pid: null, startedAt: null, readyAt: null, drainUntil: null };
  if (machine.stopAsked || machine.phase === 'draining') {
    return { machine: { ...dead, phase: 'exited' }, effects: [{ type: 'tell', told }, { type: 'gone' }] };
  }
  const after = afterFailure(dead, readyForMs, context);
  return { machine: after.machine, effects: [{ type: 'tell', told }, ...after.effects] };
}

function afterFailure(machine: EdgeMachine, readyForMs: number | null, context: StepContext): Step {
  const decision = decideRestart(machine.history, { at: context.at, readyForMs }, context.policy, context.random);
  if (decision.type === 'give-up') {
    const told: EdgeTold = {
      type: 'edge-gave-up',
      attempts: decision.attempts,
      windowMs: context.policy.windowMs,
    };
    return {
      machine: { ...machine, phase: 'gave-up', history: decision.history },
      effects: [{ type: 'tell', told }],
    };
  }
  return {
    machine: { ...machine, phase: 'backing-off', history: decision.history },
    effects: [{ type: 'wait', ms: decision.delayMs }],
  };
}

function stop(machine: EdgeMachine): Step {
  if (machine.stopAsked) return same(machine);
  const asked: EdgeMachine = { ...machine, stopAsked: true, drainUntil: null };
  if (machine.pid !== null) {
    return { machine: { ...asked, phase: 'stopping' }, effects: [{ type: 'terminate' }] };
  }
  // A start under way cannot be called back: its outcome ends the edge.
  if (machine.phase === 'starting') return { machine: asked, effects: [] };
  return { machine: { ...asked, phase: 'exited' }, effects: [{ type: 'cancel-wait' }, { type: 'gone' }] };
}

function same(machine: EdgeMachine): Step {
  return { machine, effects: [] };
}

function elapsed(now: number, since: number): number {
  return Math.max(0, Math.round(now - since));
}

function never(event: never): never {
  throw new Error(`unknown edge event ${JSON.stringify(event)}`);
}
