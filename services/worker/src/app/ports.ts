import type { LogStore } from '@dolphin/eventlog';
import type {
  Command,
  CommandReply,
  Fact,
  HostStats,
  LiveSessionFilter,
  PodState,
  SessionPage,
} from '@dolphin/protocol';
import type { EndedRead } from '../domain/session-shipping.js';
import type { HappeningsRead } from '../domain/shipping-cursor.js';

/**
 * Why the pod gave no answer. down: nobody listens on its socket. silent: no answer in time. garbled: an answer that
 * cannot be read, or an error.
 */
export interface PodFailure {
  readonly failed: 'down' | 'silent' | 'garbled';
  readonly why: string;
}

/** The pod's control API. Never throws; each call has a time-out. */
export interface PodControl {
  state(): Promise<PodState | PodFailure>;
  happenings(after: number, limit: number): Promise<HappeningsRead | PodFailure>;
  endedSessions(after: number, limit: number): Promise<EndedRead | PodFailure>;
  /** Garbled: also when a filter is one that it does not take. */
  sessions(filter: LiveSessionFilter, limit: number): Promise<SessionPage | PodFailure>;
  /** False: it has no such session. */
  kick(sessionId: string): Promise<boolean | PodFailure>;
  command(command: Command): Promise<CommandReply | PodFailure>;
  /** Gives a stream edge no new clients; those there have `deadlineMs`. Asked again: that deadline, from now. */
  drain(edge: string, deadlineMs: number): Promise<void>;
  /** Tells it to end, with its edges, and its clients' `deadlineMs`. */
  stop(deadlineMs: number): Promise<void>;
}

export function isFailure<T extends object>(answer: T | PodFailure): answer is PodFailure {
  return 'failed' in answer;
}

export interface StartedPod {
  readonly pid: number;
  /** Resolves when it ends; `code` 127 when it could not be started at all. */
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
}

export interface PodStarter {
  /** Starts a pod that outlives this process. Never throws. */
  start(): StartedPod;
}

/** The connection to NATS. What is published while it is away is dropped, not kept. */
export interface Bus {
  readonly log: LogStore;
  readonly connected: boolean;
  /** Counts disconnections. */
  readonly drops: number;
  publish(subject: string, value: unknown): void;
  /** Answers requests; returns when the server knows of it. `answer` never rejects; null: no answer. */
  serve(subject: string, answer: (data: Uint8Array) => Promise<unknown>): Promise<void>;
  /** Calls back for each message, as soon as the server knows of it. */
  listen(subject: string, heard: (data: Uint8Array) => void): Promise<() => void>;
}

/** RUN_DIR/worker.json: which farm this host belongs to, and its last epoch. */
export interface Identity {
  readonly farmId: string;
  readonly epoch: number;
}
export interface IdentityFile {
  read(): Promise<Identity | null>;
  write(identity: Identity): Promise<void>;
}

/** RUN_DIR/outbox.json: facts of the worker itself that are not in the log yet. */
export interface OutboxFile {
  read(): Promise<Fact[]>;
  write(facts: readonly Fact[]): Promise<void>;
}

export interface HostFigures {
  /** Rates are since the call before. Never throws. */
  read(): Promise<Omit<HostStats, 'farmId' | 'host' | 'epoch' | 'at' | 'edges'>>;
}
