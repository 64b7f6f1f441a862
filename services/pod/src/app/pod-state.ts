import {
  DEFAULT_PRIVATE_ADDRESS,
  DOLPHIN_VERSION,
  type EdgeStatus,
  hasViewers,
  type PodState,
} from '@dolphin/protocol';
import { findSlot, type HostFile } from '../domain/host-file.js';
import { shortcomingOf } from '../domain/known-defects.js';
import type { EdgeRunner } from './edge-runner.js';
import type { EdgeStats } from './edge-stats.js';
import type { Router } from './router.js';

export interface PodStateSources {
  readonly pid: number;
  readonly host: string;
  readonly address: string;
  readonly privateAddress: string;
  readonly rtmp: readonly number[];
  readonly http: readonly number[];
  readonly monotonic: () => number;
  readonly uptimeMs: () => number;
  readonly lastHappening: () => number;
  readonly file: () => HostFile;
  readonly runners: () => readonly EdgeRunner[];
  readonly router: Router;
  readonly stats: EdgeStats;
  /** Clients that are being read. */
  readonly reading: () => number;
  readonly sessionsLost: () => number;
  /** By the runner's name. */
  readonly logDroppedBytes: (name: string) => number;
  readonly warnings: () => readonly string[];
  readonly advice: () => readonly string[];
}

export function podState(s: PodStateSources): PodState {
  const file = s.file();
  return {
    pid: s.pid,
    version: DOLPHIN_VERSION,
    host: s.host,
    farmId: file.farmId,
    term: file.term,
    rtmp: [...s.rtmp],
    http: [...s.http],
    address: s.address,
    lastHappening: s.lastHappening(),
    uptimeMs: Math.round(s.uptimeMs()),
    clients: s.router.ledger.size,
    refused: Object.fromEntries(s.router.refused),
    reading: s.reading(),
    sessionsLost: s.sessionsLost(),
    edges: s.runners().map((runner) => edgeStatus(runner, file, s)),
    warnings: [...s.warnings()],
    advice: [...s.advice()],
  };
}

function edgeStatus(runner: EdgeRunner, file: HostFile, s: PodStateSources): EdgeStatus {
  const { role, slot, generation, engine, conf, ports, origins } = runner.edge;
  const record = findSlot(file, runner.edge);
  const shortcoming = runner.process && shortcomingOf(role, runner.process.dialect);
  const logDroppedBytes = s.logDroppedBytes(runner.name);
  return {
    name: runner.name,
    role,
    slot,
    generation,
    engine,
    ...(conf && { conf }),
    state: runner.state,
    pid: runner.process?.pid ?? null,
    ports,
    ...(s.privateAddress === DEFAULT_PRIVATE_ADDRESS ? {} : { privateAddress: s.privateAddress }),
    origins,
    term: record?.term ?? 0,
    sequence: record?.sequence ?? 0,
    transport: s.router.transportOf(runner),
    clients: s.router.ledger.countAt(runner.name),
    ...(hasViewers(role) ? s.router.chooser.standingOf(runner.name) : {}),
    ...(shortcoming && { shortcoming }),
    ...s.stats.of(runner),
    ...(logDroppedBytes === 0 ? {} : { logDroppedBytes }),
    restarts: runner.restarts,
    ...(runner.drainUntil === null ? {} : { drainLeftMs: leftMs(runner.drainUntil, s.monotonic()) }),
    uptimeMs: runner.uptimeMs,
  };
}

function leftMs(until: number, now: number): number {
  return Math.max(0, Math.round(until - now));
}
