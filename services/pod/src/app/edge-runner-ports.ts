import type { ClientNews } from '@dolphin/protocol';
import type { RestartPolicy } from '../domain/restart-policy.js';
import type { Told } from './edge-facts.js';
import type { EdgeRunner } from './edge-runner.js';
import type { EdgeLauncher, EdgeProbe, Log, Timers } from './ports.js';
import type { StartGate } from './start-gate.js';

export interface EdgeBeat {
  readonly clients: number;
  readonly streams: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export interface EdgeRunnerDeps {
  readonly launcher: EdgeLauncher;
  readonly startGate: StartGate;
  readonly probe: EdgeProbe;
  readonly timers: Timers;
  readonly policy: RestartPolicy;
  /** For an edge that is to replace one that serves, until it is ready: it must not try for ever. */
  readonly successorPolicy: RestartPolicy;
  readonly random: () => number;
  readonly log: Log;
  /** Writes a fact down and gives its id, which causes what follows. */
  readonly tell: (fact: Told) => string;
}

export interface EdgeRunnerEvents {
  /** There is a process; it is not ready. */
  onStarted(runner: EdgeRunner): void;
  onReady(runner: EdgeRunner): void;
  /** It takes no more clients; called before its process is asked to go, and when that says so itself. */
  onClosing(runner: EdgeRunner): void;
  onExit(runner: EdgeRunner): void;
  onTook(runner: EdgeRunner, id: number): void;
  onClients(runner: EdgeRunner, news: ClientNews): void;
  /** It takes clients again, though it was to be drained. */
  onUndrained(runner: EdgeRunner): void;
  onGaveUp(runner: EdgeRunner): void;
  onBeat(runner: EdgeRunner): void;
  /** It was asked to go, and nothing is left of it. */
  onGone(runner: EdgeRunner): void;
}
