import {
  compareEdges,
  type EdgeDefinition,
  type EdgeKey,
  type EdgePorts,
  edgeName,
  hasViewers,
  shareAPort,
} from '@dolphin/protocol';
import { planSlot, type SlotStep, type SlotWish } from '../domain/slot-plan.js';
import { sideName } from '../domain/slot-sides.js';
import { pickSparePorts, type SparePorts, slotClashes } from '../domain/spare-ports.js';
import type { Cause, Told } from './edge-facts.js';
import { EdgeRunner } from './edge-runner.js';
import type { EdgeRunnerDeps, EdgeRunnerEvents } from './edge-runner-ports.js';

interface Wish extends SlotWish {
  /** The ports that it was defined with; `edge` may be on spare ones. */
  readonly home: EdgePorts;
  readonly cause: Cause;
}

interface Living {
  /** Of the wish that it was started for, and its home ports. */
  readonly serial: number;
  readonly home: EdgePorts;
  readonly runner: EdgeRunner;
}

interface Slot {
  wish: Wish | null;
  /** Newest first. */
  living: readonly Living[];
}

/** What the rest of the pod wants to know of edges. */
export interface SupervisorEvents extends Omit<EdgeRunnerEvents, 'onGone' | 'onGaveUp'> {
  /** Nothing is left of a slot, and nothing is wished there. */
  onRemoved(edge: EdgeDefinition): void;
}

export interface SupervisorDeps extends EdgeRunnerDeps {
  /** How many clients an edge has, by its runner's name. */
  readonly clientsAt: (name: string) => number;
  /** The deadline of the drain of an edge that is replaced. */
  readonly replaceDeadlineMs: number;
  readonly sparePorts: SparePorts | null;
}

/** The edges of each slot: the wished one, and those that are on their way out. */
export class Supervisor {
  readonly #slots = new Map<string, Slot>();
  readonly #deps: SupervisorDeps;
  readonly #events: SupervisorEvents;
  readonly #runnerEvents: EdgeRunnerEvents;
  #serial = 0;
  #emptied: (() => void) | null = null;
  #replaces = true;
  #stopping = false;

  constructor(deps: SupervisorDeps, events: SupervisorEvents) {
    this.#deps = deps;
    this.#events = events;
    this.#runnerEvents = {
      ...events,
      onReady: (runner) => {
        events.onReady(runner);
        this.#settle(edgeName(runner.edge));
      },
      onGaveUp: (runner) => this.#onGaveUp(runner),
      onGone: (runner) => this.#onGone(runner),
    };
  }

  /** In the order of role and slot; of one slot the newest first. */
  get runners(): readonly EdgeRunner[] {
    const slots = [...this.#slots.values()].map((slot) => slot.living.map(({ runner }) => runner));
    return slots.sort(([a], [b]) => (a === undefined || b === undefined ? 0 : compareEdges(a.edge, b.edge))).flat();
  }

  /** Of the edges in slot `stream-0`, newest first. */
  namesIn(slot: string): string[] {
    return this.#slots.get(slot)?.living.map(({ runner }) => runner.name) ?? [];
  }

  /** This definition shall run in its slot, in place of what is there. */
  ensure(edge: EdgeDefinition, cause: Cause): void {
    for (const clash of slotClashes(this.#deps.sparePorts, edge)) this.#deps.log.warn({}, clash);
    this.#wish(edge, edge.ports, cause);
  }

  #wish(edge: EdgeDefinition, home: EdgePorts, cause: Cause): void {
    if (this.#stopping) return;
    const name = edgeName(edge);
    const slot = this.#slots.get(name) ?? { wish: null, living: [] };
    this.#slots.set(name, slot);
    slot.wish = { serial: ++this.#serial, edge, home, cause };
    this.#settle(name);
  }

  /** The slot shall be empty, at once. */
  release(key: EdgeKey, cause: Cause): void {
    const slot = this.#slots.get(edgeName(key));
    if (slot === undefined) return;
    slot.wish = null;
    for (const { runner } of slot.living) runner.stop(cause);
  }

  /**
   * The slot shall be empty, when its clients have left or at the deadline. Again: the new deadline holds. False: there
   * is nothing in it, or nothing that is not ending.
   */
  drain(key: EdgeKey, deadlineMs: number, cause: Cause): boolean {
    const slot = this.#slots.get(edgeName(key));
    const staying = slot?.living.filter(({ runner }) => runner.state !== 'stopping') ?? [];
    if (slot === undefined || staying.length === 0) return false;
    slot.wish = null;
    staying.forEach(({ runner }, index) => {
      // An older one that drains was replaced, and keeps the deadline that it has.
      if (index === 0 || runner.state !== 'draining') this.#drain(runner, deadlineMs, cause);
    });
    return true;
  }

  /** False: this generation does not drain there, not any more, or because it is being replaced. */
  undrain(key: Pick<EdgeDefinition, 'role' | 'slot' | 'generation'>, cause: Cause): boolean {
    const slot = this.#slots.get(edgeName(key));
    const [newest] = slot?.living ?? [];
    if (slot === undefined || newest === undefined || slot.wish !== null) return false;
    const { runner, serial, home } = newest;
    if (runner.edge.generation !== key.generation) return false;
    if (!runner.undrain(this.#deps.clientsAt(runner.name), cause)) return false;
    slot.wish = { serial, edge: runner.edge, home, cause };
    return true;
  }

  /**
   * The same edge as a new process: on spare ports beside the old one, which then drains; without any, after the old
   * one's drain. False: nothing serves there, it is being replaced, or the pod is to stop.
   */
  replace(key: EdgeKey, cause: Cause): boolean {
    const slot = this.#slots.get(edgeName(key));
    const serving = this.#replaceable(slot);
    if (!this.#replaces || this.#stopping || !slot?.wish || serving === null) return false;
    const { edge, home } = slot.wish;
    const ports = hasViewers(edge.role) ? this.#portsBeside(home) : null;
    if (ports === null && hasViewers(edge.role)) this.#drain(serving, this.#deps.replaceDeadlineMs, cause);
    this.#wish({ ...edge, ports: ports ?? home }, home, cause);
    return true;
  }

  /** It would be replaced by one that starts beside it, not after its drain. */
  hasPlaceBeside(key: EdgeKey): boolean {
    const wish = this.#slots.get(edgeName(key))?.wish ?? null;
    return wish !== null && this.#portsBeside(wish.home) !== null;
  }

  /** False once the pod waits for its clients to leave: a new edge would get none, an old one lose its own sooner. */
  get replaces(): boolean {
    return this.#replaces;
  }

  endReplacing(): void {
    this.#replaces = false;
  }

  /** Its own ports, when it runs on spare ones; null: there are none. */
  #portsBeside(home: EdgePorts): EdgePorts | null {
    const used = this.runners.map((runner) => runner.edge.ports);
    if (!used.some((ports) => shareAPort(ports, home))) return home;
    // Nor those that a slot comes home to one day.
    const homes = [...this.#slots.values()].flatMap(({ wish, living }) => [
      ...living,
      ...(wish === null ? [] : [wish]),
    ]);
    return pickSparePorts(this.#deps.sparePorts, [...used, ...homes.map((each) => each.home)]);
  }

  /** The edge that serves, unless another is on its way to replace it. One that was given up is not. */
  #replaceable(slot: Slot | undefined): EdgeRunner | null {
    const [newest] = slot?.living ?? [];
    if (newest?.runner.state !== 'ready' && newest?.runner.state !== 'gave-up') return null;
    return slot?.living.find(({ runner }) => runner.state === 'ready')?.runner ?? null;
  }

  /** Ends every edge; resolves when the last one is gone. No more are started. */
  async stopAll(): Promise<void> {
    this.#stopping = true;
    const { runners } = this;
    if (runners.length === 0) return;
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    for (const slot of this.#slots.values()) slot.wish = null;
    for (const runner of runners) runner.stop({});
    await emptied;
  }

  #settle(name: string): void {
    const slot = this.#slots.get(name);
    if (slot === undefined || this.#stopping) return;
    const living = slot.living.map(({ serial, runner }) => ({ serial, state: runner.state, ports: runner.edge.ports }));
    for (const step of planSlot(slot.wish, living)) this.#carryOut(slot, step);
    if (slot.wish !== null) for (const { runner } of slot.living) runner.hasSuccessor();
  }

  #carryOut(slot: Slot, step: SlotStep): void {
    const { wish } = slot;
    if (wish === null) return;
    if (step.type === 'start') {
      this.#start(slot, wish, step.isSuccessor);
      return;
    }
    const runner = slot.living.find(({ serial }) => serial === step.serial)?.runner;
    if (runner === undefined) return;
    if (step.type === 'stop') runner.stop(wish.cause);
    else this.#drain(runner, this.#deps.replaceDeadlineMs, wish.cause);
  }

  #start(slot: Slot, { serial, edge, home, cause }: Wish, isSuccessor: boolean): void {
    const taken = slot.living.map(({ runner }) => runner.name);
    const o = { name: sideName(edgeName(edge), taken), isSuccessor };
    const tell = (fact: Told) => this.#deps.tell(this.#asReplacement(runner, fact));
    const runner: EdgeRunner = new EdgeRunner(edge, cause, o, { ...this.#deps, tell }, this.#runnerEvents);
    slot.living = [{ serial, home, runner }, ...slot.living];
    runner.start();
  }

  #drain(runner: EdgeRunner, deadlineMs: number, cause: Cause): void {
    runner.drain(deadlineMs, this.#deps.clientsAt(runner.name), cause);
  }

  /**
   * A second process of a generation that is given up leaves its slot as it was. Its leader must not hear of a slot that
   * was given up: it would start another generation in place of the one that serves.
   */
  #asReplacement(runner: EdgeRunner, fact: Told): Told {
    if (fact.type !== 'edge-gave-up' || this.#originalOf(runner) === null) return fact;
    const { role, slot, generation } = runner.edge;
    return { type: 'edge-replace-failed', role, slot, generation, kept: generation, ...runner.cause };
  }

  /** What this one was to replace, if that is of the same generation and stays. */
  #originalOf(replacement: EdgeRunner): Living | null {
    const { wish = null, living = [] } = this.#slots.get(edgeName(replacement.edge)) ?? {};
    const wished = living.find(({ serial }) => serial === wish?.serial)?.runner;
    if (wished !== replacement) return null;
    return living.find(({ runner }) => runner !== replacement && isSame(runner, replacement) && stays(runner)) ?? null;
  }

  #onGaveUp(failed: EdgeRunner): void {
    const { edge, cause } = failed;
    const slot = this.#slots.get(edgeName(edge));
    const original = this.#originalOf(failed);
    if (slot !== undefined && original !== null) {
      const { serial, runner, home } = original;
      slot.wish = { serial, edge: runner.edge, home, cause };
      // Its side, its name and its ports are free again.
      failed.stop(cause);
      return;
    }
    const kept = slot?.living.find(({ runner }) => runner.state === 'ready')?.runner;
    if (kept === undefined) return;
    const { role, slot: number, generation } = edge;
    this.#deps.tell({
      type: 'edge-replace-failed',
      role,
      slot: number,
      generation,
      kept: kept.edge.generation,
      ...cause,
    });
  }

  #onGone(gone: EdgeRunner): void {
    const name = edgeName(gone.edge);
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    slot.living = slot.living.filter(({ runner }) => runner !== gone);
    this.#settle(name);
    if (slot.wish === null && slot.living.length === 0) {
      this.#slots.delete(name);
      if (!this.#stopping) {
        const { role, slot: number, generation } = gone.edge;
        this.#deps.tell({ type: 'edge-removed', role, slot: number, generation, ...gone.cause });
        this.#events.onRemoved(gone.edge);
      }
    }
    if (this.runners.length === 0) this.#emptied?.();
  }
}

function isSame(a: EdgeRunner, b: EdgeRunner): boolean {
  return a.edge.generation === b.edge.generation;
}

/** It serves, or is on its way to. */
function stays({ state }: EdgeRunner): boolean {
  return state === 'ready' || state === 'starting' || state === 'backing-off';
}
