import { Churn, type ChurnResult } from './churn.js';
import { type LoadPlayer, type LoadTarget, openPlayer } from './load-player.js';
import { summarize, type WindowResult } from './load-window.js';

export interface LoadOptions {
  /** Players, unless said otherwise; publishers: publish-load.ts. */
  kind?: 'play' | 'publish';
  target: LoadTarget;
  players: number;
  /** Players take turns on so many streams: the target's name with a number behind it. Default: the target itself. */
  streams?: number;
  /** A player of the same stream at its source: what it gets is what everybody should get. */
  reference?: LoadTarget;
  /** The same, where it is known beforehand, in bytes per second. */
  sourceBytesPerSecond?: number;
  /** Beside the players that stay: so many a second come and leave again. */
  churnPerSecond?: number;
  /** All dial at once, instead of a hundred at a time. */
  burst?: boolean;
  /** Dial from 127.0.0.N and the addresses after it; default: from 2 on when one would not do. */
  firstAddress?: number;
}

/** `cpuPercent` is the load's own: near 100 it, not the server, was the limit. `churn` is null when nobody came and went. */
export type LoadResult = WindowResult & { cpuPercent: number; churn: ChurnResult | null };

/** Connections being set up at a time: below any server's backlog, so that no SYN is lost and sent again. */
export const CONNECTING_AT_ONCE = 100;
/** One source address has about 28,000 ports; fewer each leave room for those in TIME_WAIT of the run before. */
const PLAYERS_PER_ADDRESS = 4000;
/** A process may have 20,000 files open on the machines that this is for. */
export const MAX_PLAYERS = 19_000;
/** Two thousand are there within two seconds on two free cores; ten thousand take two minutes on two busy ones. */
export const START_DEADLINE_MS = 180_000;

/** The server cannot be played from: it is not there, or it refused a player, or it serves too few in time. */
export class NotServedError extends Error {
  override readonly name = 'NotServedError';
}

/** Many players in one process. start, then mark and measure around the window, then stop. */
export class Load {
  readonly #o: LoadOptions;
  readonly #players: LoadPlayer[] = [];
  readonly #churn: Churn | null;
  #reference: LoadPlayer | null = null;
  #marked: { at: number; bytes: number[]; churned: number; reference: number; cpu: NodeJS.CpuUsage } | null = null;

  constructor(o: LoadOptions) {
    this.#o = o;
    this.#churn = o.churnPerSecond === undefined ? null : new Churn(o.target, o.churnPerSecond);
  }

  /** Resolves when every player plays; rejects with the first reason when one cannot, or at the deadline. */
  start(): Promise<{ afterMs: number }> {
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () =>
          reject(
            new NotServedError(`${this.#playing()} of ${this.#o.players} players play after ${START_DEADLINE_MS} ms`),
          ),
        START_DEADLINE_MS,
      );
      const settle = (outcome: () => void) => {
        clearTimeout(timer);
        outcome();
      };
      let connecting = 0;
      let waiting = this.#o.players + (this.#o.reference === undefined ? 0 : 1);
      const open = (target: LoadTarget, localAddress?: string): LoadPlayer => {
        let settled = false;
        const player = openPlayer(target, localAddress, () => {
          if (settled) return;
          settled = true;
          if (player.state === 'failed')
            settle(() => reject(new NotServedError(`a player could not play: ${player.why}`)));
          connecting--;
          if (--waiting === 0) settle(() => resolve({ afterMs: Math.round(performance.now() - began) }));
          else more();
        });
        connecting++;
        return player;
      };
      const more = () => {
        const atOnce = this.#o.burst === true ? Number.POSITIVE_INFINITY : CONNECTING_AT_ONCE;
        while (connecting < atOnce && this.#players.length < this.#o.players) {
          const index = this.#players.length;
          this.#players.push(open(targetOf(index, this.#o), sourceAddress(index, this.#o)));
        }
      };
      if (this.#o.reference !== undefined) this.#reference = open(this.#o.reference);
      more();
    });
  }

  /** The players that come and go begin to. */
  startChurn(): void {
    this.#churn?.start();
  }

  mark(): void {
    this.#churn?.take();
    this.#marked = {
      at: performance.now(),
      bytes: this.#players.map((player) => player.bytes),
      churned: this.#churn?.bytes ?? 0,
      reference: this.#reference?.bytes ?? 0,
      cpu: process.cpuUsage(),
    };
  }

  /** What came since mark; `bytes` are also those of the players that came and went. */
  measure(): LoadResult {
    const marked = this.#marked;
    if (marked === null) throw new Error('measure before mark');
    const seconds = (performance.now() - marked.at) / 1000;
    const bytes = this.#players.map((player, i) => player.bytes - (marked.bytes[i] ?? 0));
    const { sourceBytesPerSecond } = this.#o;
    const known = sourceBytesPerSecond === undefined ? null : Math.round(sourceBytesPerSecond * seconds);
    const source = this.#reference === null ? known : this.#reference.bytes - marked.reference;
    const cpu = process.cpuUsage(marked.cpu);
    const window = summarize(bytes, seconds, source, this.#players.length - this.#playing());
    return {
      ...window,
      bytes: window.bytes + (this.#churn?.bytes ?? 0) - marked.churned,
      churn: this.#churn?.take() ?? null,
      cpuPercent: Math.round((cpu.user + cpu.system) / seconds / 1000) / 10,
    };
  }

  stop(): void {
    this.#churn?.stop();
    for (const player of this.#players) player.close();
    this.#reference?.close();
  }

  #playing(): number {
    return this.#players.filter((player) => player.state === 'playing').length;
  }
}

function targetOf(index: number, { target, streams }: LoadOptions): LoadTarget {
  return streams === undefined ? target : { ...target, url: `${target.url}-${index % streams}` };
}

/** An edge takes players of only so many new streams from one address at a time: those of many come from many. */
const ADDRESSES_OF_MANY_STREAMS = 200;

/** 127.0.0.2, .3, … on loopback when one address would run short of ports; undefined: the system's choice. */
function sourceAddress(index: number, o: LoadOptions): string | undefined {
  const isLocal = /\/\/(127\.|localhost[:/])/.test(o.target.url);
  if (isLocal && (o.streams ?? 1) > 1) return `127.0.0.${2 + (index % ADDRESSES_OF_MANY_STREAMS)}`;
  if (!isLocal || (o.firstAddress === undefined && o.players <= PLAYERS_PER_ADDRESS)) return undefined;
  return `127.0.0.${(o.firstAddress ?? 2) + Math.floor(index / PLAYERS_PER_ADDRESS)}`;
}
