import { type EdgeDefinition, type EdgePorts, type EdgeState, hasViewers, shareAPort } from '@dolphin/protocol';

/** What shall run in a slot. `serial` counts the wishes for it: the same definition wished anew is another one. */
export interface SlotWish {
  readonly serial: number;
  readonly edge: EdgeDefinition;
}

/** An edge of the slot that lives. */
export interface SlotRunner {
  /** Of the wish that it was started for. */
  readonly serial: number;
  readonly state: EdgeState;
  readonly ports: EdgePorts;
}

export type SlotStep =
  /** Starts the wished edge. `isSuccessor`: another one serves meanwhile. */
  | { readonly type: 'start'; readonly isSuccessor: boolean }
  | { readonly type: 'stop'; readonly serial: number }
  /** It is replaced: its clients may stay for the usual deadline. */
  | { readonly type: 'drain'; readonly serial: number };

/** The old one and the new one; each has a directory and a name of its own. */
export const SIDES = 2;

/**
 * What is to be done in a slot, whenever something changed there. Nothing to do is an empty list. The rules:
 *   1. nothing is wished: what is there ends, by the drain or stop that took the wish away.
 *   2. the wished edge is ready: others that serve are drained, others that do not are stopped.
 *   3. it is there, but not ready (yet, or given up): the others go on.
 *   4. it is not there, and neither its ports nor both sides are taken: it is started beside the others.
 *   5. it is not there and something is in its way: that is stopped. What drains is waited for: its clients were
 *      promised a deadline.
 * A back source is never replaced beside the old one: the others pull from its ports, and nobody counts them.
 */
export function planSlot(wish: SlotWish | null, runners: readonly SlotRunner[]): SlotStep[] {
  if (wish === null) return [];
  const wished = runners.find((runner) => runner.serial === wish.serial);
  const others = runners.filter((runner) => runner !== wished);
  if (wished !== undefined) return wished.state === 'ready' ? others.flatMap(leave) : [];
  const inTheWay = others.filter((other) => !hasViewers(wish.edge.role) || shareAPort(other.ports, wish.edge.ports));
  if (inTheWay.length === 0 && others.length < SIDES) {
    return [{ type: 'start', isSuccessor: others.some((other) => other.state === 'ready') }];
  }
  // With both sides taken, a third waits for the one that drains; one that never served has nobody to wait for.
  const idle = inTheWay.length === 0 ? others.filter((other) => other.state !== 'ready') : inTheWay;
  return idle.filter((other) => !isLeaving(other)).map(({ serial }) => ({ type: 'stop', serial }));
}

function leave(runner: SlotRunner): SlotStep[] {
  if (isLeaving(runner)) return [];
  return [{ type: runner.state === 'ready' ? 'drain' : 'stop', serial: runner.serial }];
}

function isLeaving({ state }: SlotRunner): boolean {
  return state === 'draining' || state === 'stopping' || state === 'exited';
}
