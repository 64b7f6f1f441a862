import type { ClientProtocol, EdgeDefinition } from '@dolphin/protocol';
import type { Dialect } from '../domain/dialect.js';

/** What the loops of this service need of the world; adapters and tests give it. */

export interface Timers {
  /** Calls `fn` once after `ms`; the returned function calls it off. */
  after(ms: number, fn: () => void): () => void;
  /** ms since some fixed point; never steps. */
  monotonic(): number;
}

/** An accepted connection that is not being read. What it is beyond that only adapters know. */
export interface ClientSocket {
  readonly destroyed: boolean;
  readonly remoteAddress?: string | undefined;
  destroy(): void;
}

/** A client between accept and an edge. */
export interface Client {
  readonly id: number;
  readonly protocol: ClientProtocol;
  /** Its real one, in its normal form: the socket's, or the one that a front told; empty when it left before anybody looked. */
  readonly address: string;
  readonly socket: ClientSocket;
  /** The stream that it asks for, where it is balanced by that. */
  readonly stream?: string;
  /** The role of the edges that serve it; absent: stream edges. */
  readonly role?: 'http';
  /** What was read of it, which belongs to the edge; at most MAX_FIRST_BYTES. */
  readonly head?: Buffer;
  /** The relay process that accepted it and keeps its socket. */
  readonly heldBy?: string;
}

/** Reads sockets that are to be handed off. */
export interface FirstBytesReader {
  /**
   * Gives all that came so far to `judge` until that says something, and stops reading: then `done` is called, once,
   * with what was said, or with `late` or `left` (and closed). The returned function gives it up; `done` is not called.
   */
  read<Verdict extends object>(
    socket: ClientSocket,
    o: { judge: (bytes: Buffer) => Verdict | null; withinMs: number },
    done: (outcome: Verdict | 'late' | 'left') => void,
  ): () => void;
}

/** A child that takes sockets. */
export interface SocketTaker {
  /**
   * Sends a message with the socket. From then on the socket is not ours; `cut` of the result ends its connection
   * even while the message lies unread in the child's queue. `failed` is called when it could not be sent and the
   * socket is still whole.
   */
  send(message: object, socket: ClientSocket, failed: () => void): { cut(): void };
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: readonly string[];
}

/** A running edge. */
export interface EdgeProcess extends SocketTaker {
  readonly pid: number;
  readonly dialect: Dialect;
  /** How many clients its conf lets it have; a few more connections are left for probes. */
  readonly admits: number;
  /** Sends a message after those sent before, sockets included. */
  say(message: object): void;
  onMessage(handler: (message: unknown) => void): void;
  /** Called once, also when it has exited before. */
  onExit(handler: (exit: ProcessExit) => void): void;
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
}

export type LaunchOutcome =
  | { readonly ok: true; readonly process: EdgeProcess }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly usesAttempt: boolean };

export interface EdgeLauncher {
  /**
   * `first`: the first start of this generation, for which the conf is rendered and tested. `name` is the runner's:
   * two of one slot that live at once must not share a directory. `isCalledOff` is asked before the process is started:
   * the test of a conf may take seconds. Never rejects.
   */
  launch(edge: EdgeDefinition, o: { first: boolean; name: string; isCalledOff: () => boolean }): Promise<LaunchOutcome>;
}

export interface EdgeProbe {
  /** Does the private API of this very process answer? Never rejects. */
  answers(apiPort: number, pid: number): Promise<boolean>;
}

export interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}
