import { type MemorySample, type MemoryWatch, OVER_SAMPLES, watchMemory } from '../domain/memory-rule.js';
import type { EdgeRunner } from './edge-runner.js';
import type { EdgeFigures } from './edge-stats.js';
import type { Timers } from './ports.js';
import type { Supervisor } from './supervisor.js';

const MB = 1024 * 1024;

export interface MemoryLimitDeps {
  readonly supervisor: Pick<Supervisor, 'runners' | 'replace' | 'replaces' | 'hasPlaceBeside'>;
  readonly figuresOf: (runner: EdgeRunner) => EdgeFigures;
  /** In MB; 0: none. */
  readonly maxRssMb: number;
  readonly timers: Pick<Timers, 'monotonic'>;
}

/** Replaces stream edges that have grown above their limit. `look` after each sample. */
export class MemoryLimit {
  readonly #deps: MemoryLimitDeps;
  #watch: MemoryWatch = new Map();
  #replacedAt: number | null = null;

  constructor(deps: MemoryLimitDeps) {
    this.#deps = deps;
  }

  look(): void {
    const { supervisor, maxRssMb } = this.#deps;
    if (maxRssMb === 0 || !supervisor.replaces) return;
    const edges = supervisor.runners.filter(({ edge }) => edge.role === 'stream');
    const at = this.#deps.timers.monotonic();
    const ready = edges.filter((runner) => runner.state === 'ready');
    const verdict = watchMemory(
      this.#watch,
      ready.flatMap((runner) => this.#sample(runner)),
      {
        limitBytes: maxRssMb * MB,
        // One less serves, or soon. A slot whose replacement was given up is left to whoever answers that.
        isBusy: edges.some(isOnItsWay) || new Set(edges.map(({ edge }) => edge.slot)).size < edges.length,
        sinceLastMs: this.#replacedAt === null ? null : at - this.#replacedAt,
        hasSpare: ready.every(({ edge }) => supervisor.hasPlaceBeside(edge)),
        ready: ready.length,
      },
    );
    this.#watch = verdict.watch;
    const runner = ready.find(({ name }) => name === verdict.replace?.name);
    if (runner === undefined || verdict.replace === null) return;
    this.#replacedAt = at;
    const rssMb = Math.round(verdict.replace.rssBytes / MB);
    runner.tellUnhealthy(`${rssMb} MB resident, above maxRssMb ${maxRssMb} in ${OVER_SAMPLES} samples: it is replaced`);
    supervisor.replace(runner.edge, runner.cause);
  }

  #sample(runner: EdgeRunner): MemorySample[] {
    const pid = runner.process?.pid;
    const { rssBytes } = this.#deps.figuresOf(runner);
    return pid === undefined ? [] : [{ name: runner.name, pid, rssBytes }];
  }
}

function isOnItsWay({ state }: EdgeRunner): boolean {
  return state !== 'ready' && state !== 'gave-up';
}
