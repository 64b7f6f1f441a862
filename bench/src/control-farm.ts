import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type EdgeView, EventPage, FarmView } from '@dolphin/protocol';
import { type Child, startChild } from './child.js';
import { podState } from './pod-state.js';
import { processTree } from './process-tree.js';
import { root } from './start-program.js';

const LAUNCHER = join(root, 'bin/dolphin-launcher');
/** Blocks of a hundred ports below Linux's ephemeral range and beside the farm's own defaults. */
const FIRST_BLOCK = 13_000;
const BLOCKS = 50;
const BLOCK_PORTS = 100;
const API_PORT_IN_BLOCK = 4;
const UP_WITHIN_MS = 60_000;
const POLL_MS = 10;

/** A whole farm of one host, as `./dolphin up` starts it, without Redis and demo. */
export class ControlFarm {
  readonly #up: Child;
  readonly #dir: string;
  readonly api: string;

  private constructor(up: Child, dir: string, api: string) {
    this.#up = up;
    this.#dir = dir;
    this.api = api;
  }

  /** Resolves when its one edge is ready. */
  static async start(dir: string): Promise<ControlFarm> {
    const base = FIRST_BLOCK + Math.floor(Math.random() * BLOCKS) * BLOCK_PORTS;
    const apiPort = base + API_PORT_IN_BLOCK;
    const flags = ['--dir', dir, '--port-base', String(base), '--api-port', String(apiPort), '--edges', '1'];
    const up = startChild(null, process.execPath, [LAUNCHER, 'up', ...flags, '--no-redis', '--no-demo']);
    const farm = new ControlFarm(up, dir, `http://127.0.0.1:${apiPort}`);
    await farm.until(UP_WITHIN_MS, 'the farm is up', (edges) => ready(edges).length === 1);
    return farm;
  }

  async view(): Promise<FarmView> {
    return FarmView.parse(await this.#get('/api/v1/farm'));
  }

  async events(after: number): Promise<EventPage> {
    return EventPage.parse(await this.#get(`/api/v1/events?after=${after}&limit=1000`));
  }

  /** So many stream edges on the host. */
  async scale(perHost: number): Promise<void> {
    const { spec, specVersion } = await this.view();
    if (spec === null) throw new Error('the farm has no specification');
    const response = await fetch(`${this.api}/api/v1/apply`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'if-match': `"${specVersion}"` },
      body: JSON.stringify({ spec: { ...spec, edges: { perHost } }, who: 'bench' }),
    });
    if (!response.ok) throw new Error(`apply: ${await response.text()}`);
  }

  /** Looks every 10 ms until `isSo`; how long that took, in ms. */
  async until(withinMs: number, what: string, isSo: (edges: readonly EdgeView[]) => boolean): Promise<number> {
    const began = performance.now();
    for (;;) {
      const view = await this.view().catch(() => null);
      if (view !== null && isSo(view.edges)) return performance.now() - began;
      if (this.#up.process.exitCode !== null) throw new Error(`up ended:\n${this.#up.output()}`);
      if (performance.now() - began > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
      await wait(POLL_MS);
    }
  }

  /** Throws when one of them is not there. */
  async pids(): Promise<Record<'master' | 'worker' | 'pod', number>> {
    const named = (name: string) => {
      const pid = processTree(this.#up.pid).find((one) => commandOf(one).includes(name));
      if (pid === undefined) throw new Error(`there is no ${name}`);
      return pid;
    };
    const pod = await podState(join(this.#dir, 'worker'));
    if (pod === null) throw new Error('the pod does not answer');
    return { master: named('dolphin-master'), worker: named('dolphin-worker'), pod: pod.pid };
  }

  async stop(): Promise<void> {
    spawnSync(process.execPath, [LAUNCHER, 'down', '--dir', this.#dir], { stdio: 'ignore' });
    await this.#up.stop();
  }

  async #get(path: string): Promise<unknown> {
    const response = await fetch(this.api + path);
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
    return await response.json();
  }
}

export function ready(edges: readonly EdgeView[]): EdgeView[] {
  return edges.filter(({ role, state }) => role === 'stream' && state === 'ready');
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
