import { hasViewers } from '@dolphin/protocol';
import { type EdgeSample, edgeRates, type ProcessUsage } from '../domain/process-usage.js';
import type { EdgeRunner } from './edge-runner.js';
import type { Timers } from './ports.js';

export interface EdgeFigures {
  readonly kbitPerS: number;
  readonly sentBytes: number;
  readonly cpuPercent: number;
  readonly rssBytes: number;
}
export const NO_FIGURES: EdgeFigures = { kbitPerS: 0, sentBytes: 0, cpuPercent: 0, rssBytes: 0 };

/** Rates are over this time; SRS's API runs on its media thread and is asked no more often. */
const SAMPLE_EVERY_MS = 2000;

export interface EdgeStatsDeps {
  readonly timers: Timers;
  readonly runners: () => readonly EdgeRunner[];
  readonly usageOf: (pid: number) => Promise<ProcessUsage | null>;
  /** Sent by relays to clients of this edge, since the pod started. */
  readonly relayedBytesOf: (edge: string) => number;
  /** Sent by an edge whose clients do not come through the pod, as its private API says. */
  readonly apiBytesOf: (apiPort: number) => Promise<number | null>;
  /** The figures are new. */
  readonly onSampled: () => void;
  /** That API answered: whoever watches the edge need not ask it as well. */
  readonly onAnswered: (runner: EdgeRunner, pid: number) => void;
}

interface Kept {
  readonly sample: EdgeSample;
  readonly figures: EdgeFigures;
  /** What the relays had sent when this process was first seen. */
  readonly relayedBefore: number;
}

/** Bytes, CPU and memory of each edge's present process, sampled every two seconds. */
export class EdgeStats {
  readonly #deps: EdgeStatsDeps;
  readonly #kept = new Map<string, Kept>();
  #stopped = false;

  constructor(deps: EdgeStatsDeps) {
    this.#deps = deps;
  }

  start(): void {
    const round = async () => {
      await this.sample();
      if (this.#stopped) return;
      this.#deps.onSampled();
      this.#deps.timers.after(SAMPLE_EVERY_MS, () => void round());
    };
    void round();
  }

  stop(): void {
    this.#stopped = true;
  }

  of(runner: EdgeRunner): EdgeFigures {
    const kept = this.#kept.get(runner.name);
    return kept !== undefined && kept.sample.pid === runner.process?.pid ? kept.figures : NO_FIGURES;
  }

  /** Never rejects. */
  async sample(): Promise<void> {
    const runners = this.#deps.runners();
    await Promise.all(runners.map((runner) => this.#sampleOne(runner)));
    const names = new Set(runners.map((runner) => runner.name));
    for (const name of this.#kept.keys()) if (!names.has(name)) this.#kept.delete(name);
  }

  async #sampleOne(runner: EdgeRunner): Promise<void> {
    const pid = runner.process?.pid;
    if (pid === undefined) return;
    const before = this.#kept.get(runner.name);
    const same = before !== undefined && before.sample.pid === pid ? before : null;
    const relayed = this.#deps.relayedBytesOf(runner.name);
    const relayedBefore = same?.relayedBefore ?? relayed;
    const [usage, sentBytes] = await Promise.all([
      this.#deps.usageOf(pid),
      this.#sentBytes(runner, relayed - relayedBefore, same?.sample.sentBytes ?? 0),
    ]);
    if (usage === null) return;
    const sample: EdgeSample = { at: this.#deps.timers.monotonic(), pid, cpuMs: usage.cpuMs, sentBytes };
    const figures = { ...edgeRates(same?.sample ?? null, sample), sentBytes, rssBytes: usage.rssBytes };
    this.#kept.set(runner.name, { sample, figures, relayedBefore });
  }

  async #sentBytes(runner: EdgeRunner, relayed: number, last: number): Promise<number> {
    if (runner.beat !== null) return runner.beat.sentBytes;
    if (hasViewers(runner.edge.role)) return relayed;
    if (runner.state !== 'ready') return last;
    const pid = runner.process?.pid;
    const bytes = await this.#deps.apiBytesOf(runner.edge.ports.api);
    if (bytes !== null && pid !== undefined) this.#deps.onAnswered(runner, pid);
    return bytes ?? last;
  }
}
