import type { LogStore, SessionHistory, Tenure } from '@dolphin/eventlog';
import type { Ask, AskReply, Command, CommandReply, FarmView, Kick, KickReply } from '@dolphin/protocol';

/** The worlds that the loops act upon, as little of them as they need. */

export interface CommandBus {
  /** Sends a command to its host's worker. Throws DolphinError when there is no answer, or none that can be read. */
  request(command: Command, timeoutMs: number): Promise<CommandReply>;
}

/** What a host is asked without a decision. Each throws DolphinError when there is no answer, or none that can be read. */
export interface HostAsker {
  ask(host: string, question: Ask, timeoutMs: number): Promise<AskReply>;
  kick(host: string, kick: Kick, timeoutMs: number): Promise<KickReply>;
}

export interface Announcer {
  /** Tells whoever listens. Never throws: the next one comes in a second. */
  announce(view: FarmView): void;
}

/** Whoever shows the farm to others. A slow one is skipped, not waited for. */
export interface ViewSink {
  write(view: FarmView): Promise<void>;
}

export interface Dialler {
  /** Does anybody accept at this address? Never throws. */
  accepts(host: string, port: number, timeoutMs: number): Promise<boolean>;
}

export interface Leases {
  /**
   * Waits for leadership. null: `signal` aborted. `onRival` is told each time another master is seen to renew the lease.
   * Throws DolphinError when there is nothing to lease from yet.
   */
  acquire(signal: AbortSignal, onRival: (holder: string) => void): Promise<Tenure | null>;
}

/** All that needs the bus; there is none before the first connection. */
export interface Links {
  readonly log: LogStore;
  readonly sessions: SessionHistory;
  readonly leases: Leases;
  readonly commands: CommandBus;
  readonly hosts: HostAsker;
  readonly announcer: Announcer;
  /** Makes the log, if it is not there. Throws DolphinError. */
  createLog(): Promise<void>;
  /** Makes the stream of ended sessions, if it is not there. Throws DolphinError. */
  createSessionsStream(): Promise<void>;
}

/** The farm id on this master's disk. */
export interface FarmFile {
  read(): Promise<{ farm: string; farmId: string } | null>;
  write(farm: { farm: string; farmId: string }): Promise<void>;
}
