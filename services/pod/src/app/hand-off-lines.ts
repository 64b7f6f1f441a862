import type { ClientProtocol } from '@dolphin/protocol';
import type { EdgeRunner } from './edge-runner.js';
import { HandOffQueue } from './hand-off-queue.js';
import type { Client, Log, Timers } from './ports.js';
import { takeMessage } from './take-message.js';

/** The way of sockets to one process of an edge. */
export interface HandOffLine {
  readonly queue: HandOffQueue;
  /** It takes no sockets now. */
  readonly stuck: boolean;
  /** It takes no more clients for the moment: stuck, or its queue is full. */
  readonly busy: boolean;
}

interface OpenLine extends HandOffLine {
  readonly runner: EdgeRunner;
  readonly pid: number;
  stuck: boolean;
}

export interface HandOffLinesEvents {
  onReturned(clients: readonly Client[]): void;
  onCut(client: Client): void;
  /** A socket was sent and no `took` came. `died`: the process is gone, and was not asked to go. */
  onNotTaken(edge: string, died: boolean): void;
  onTaken(edge: string): void;
  /** A line that was stuck, or full, takes clients again. */
  onRoom(): void;
}

/** One line to each edge that takes sockets, for the life of its process. */
export class HandOffLines {
  readonly #lines = new Map<string, OpenLine>();
  readonly #deps: { readonly timers: Timers; readonly log: Log };
  readonly #events: HandOffLinesEvents;

  constructor(deps: { readonly timers: Timers; readonly log: Log }, events: HandOffLinesEvents) {
    this.#deps = deps;
    this.#events = events;
  }

  /** Null: the edge does not take sockets of this protocol, or not now. */
  to(runner: EdgeRunner, protocol: ClientProtocol): HandOffLine | null {
    if (!runner.takes(protocol)) return null;
    const line = this.#lines.get(runner.name);
    if (line !== undefined && line.pid === runner.process?.pid) return line;
    // Its `hello` came later than its readiness.
    return runner.state === 'ready' && runner.process !== null ? this.open(runner) : null;
  }

  /** To the present process of an edge, in place of the line to one before. */
  open(runner: EdgeRunner): HandOffLine {
    const { process } = runner;
    if (process === null) throw new Error('an edge without a process takes no sockets');
    const line: OpenLine = {
      runner,
      pid: process.pid,
      stuck: false,
      get busy() {
        return this.stuck || this.queue.full;
      },
      queue: new HandOffQueue({
        taker: process,
        timers: this.#deps.timers,
        message: takeMessage,
        events: {
          onReturned: (clients) => this.#events.onReturned(clients),
          onCut: (client) => {
            // One that is stuck was told of; one that is asked to go is not to blame.
            const died = !line.stuck && runner.process === null && runner.state !== 'exited';
            if (died && !client.socket.destroyed) this.#events.onNotTaken(runner.name, true);
            this.#events.onCut(client);
          },
          onStuck: () => {
            line.stuck = true;
            this.#events.onNotTaken(runner.name, false);
            this.#deps.log.warn({ edge: runner.name, pid: process.pid }, 'takes no clients: it gets no more for now');
          },
          onRoom: () => this.#events.onRoom(),
        },
      }),
    };
    this.#lines.set(runner.name, line);
    return line;
  }

  /** Takes back a client that was not sent yet; null: it was. */
  withdraw(name: string, id: number): Client | null {
    return this.#lines.get(name)?.queue.withdraw(id) ?? null;
  }

  onTook(runner: EdgeRunner, id: number): void {
    const line = this.#lines.get(runner.name);
    if (line === undefined) return;
    if (line.queue.took(id)) this.#events.onTaken(runner.name);
    this.#unstick(line);
  }

  /** Its process is alive. */
  onBeat(runner: EdgeRunner): void {
    const line = this.#lines.get(runner.name);
    if (line !== undefined) this.#unstick(line);
  }

  /** Its process is gone, or asked to go. */
  close(name: string): void {
    const line = this.#lines.get(name);
    if (line === undefined) return;
    this.#lines.delete(name);
    line.queue.close();
  }

  #unstick(line: OpenLine): void {
    if (!line.stuck) return;
    line.stuck = false;
    this.#deps.log.info({ edge: line.runner.name }, 'takes clients again');
    this.#events.onRoom();
  }
}
